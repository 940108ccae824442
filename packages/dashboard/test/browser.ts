import AxeBuilder from '@axe-core/playwright';
import { type BrowserContext, type Page, chromium as playwright } from 'playwright-core';
import { chromiumPath } from '../screenshots/chromium.mjs';

export interface Browser {
  /** A new tab with nothing kept: no cookie, no choice. */
  page(choices?: PageChoices): Promise<WatchedPage>;
  close(): Promise<void>;
}

export interface PageChoices {
  theme?: 'light' | 'dark';
  width?: number;
  height?: number;
}

/** A tab that notes what no page of ours may do. */
export interface WatchedPage {
  page: Page;
  context: BrowserContext;
  /** Errors on the console and uncaught ones. Failed requests that a test causes on purpose are among them. */
  errors: string[];
  /** Requests to anywhere but `origin`. */
  foreign(origin: string): string[];
  /** Bytes of the answers so far as they came over the wire, by path. */
  received: Map<string, number>;
}

function watch(page: Page, context: BrowserContext): WatchedPage {
  const errors: string[] = [];
  const requested: string[] = [];
  const received = new Map<string, number>();
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('request', (request) => requested.push(request.url()));
  page.on('requestfinished', (request) => {
    void request
      .sizes()
      .then(({ responseBodySize }) => received.set(new URL(request.url()).pathname, responseBodySize))
      .catch(() => undefined); // the tab was closed meanwhile
  });
  const foreign = (origin: string) =>
    requested.filter((url) => !url.startsWith(`${origin}/`) && !/^(data|blob|about):/.test(url));
  return { page, context, errors, foreign, received };
}

/** A Chromium from npm, with an empty profile. Close it: it is a process. */
export async function openBrowser(): Promise<Browser> {
  const browser = await playwright.launch({
    executablePath: await chromiumPath(),
    headless: true,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  return {
    async page({ theme = 'light', width = 1440, height = 900 } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        locale: 'en-GB',
        colorScheme: theme,
        reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
      return watch(page, context);
    },
    close: () => browser.close(),
  };
}

/** What axe finds against WCAG 2.2 A and AA, one line each. */
export async function violations(page: Page): Promise<string[]> {
  const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze();
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help} at ${target.join(' ')}: ${failureSummary}`),
  );
}
