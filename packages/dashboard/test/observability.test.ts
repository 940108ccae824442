import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IntegrationStatus, Page as PageOf } from '@pipelogiq/protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, expectClean, type Server, signedIn, takeErrors } from './support.js';
import { asViewer } from './viewer.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const TOKEN = 'glsa_canary_0123456789';
const ALLOWED = { outboundAllow: '127.0.0.0/8', secretKey: 'a key of thirty-two characters or more' };

/** As Grafana answers a test: health to anybody, annotations to who has the token. */
async function aGrafana(): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const isKnown = request.headers.authorization === `Bearer ${TOKEN}`;
    asked.push(`${request.method} ${request.url} ${isKnown}`);
    const status = request.url === '/api/health' || isKnown ? 200 : 401;
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(status === 200 ? '[]' : '{"message":"Invalid API key"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const statusOf = async ({ call }: Server, type: string) =>
  (await call<PageOf<IntegrationStatus>>('GET', '/observability/status')).items.find((each) => each.type === type);

describe('observability', () => {
  it('sets an integration up by its form, tries it before and after it is stored, and turns it off', async () => {
    const grafana = await aGrafana();
    const server = await aServer(ALLOWED);
    const tab = await signedIn(browser, server, 'observability');
    const { page } = tab;
    const row = page.getByRole('listitem', { name: 'Grafana', exact: true });
    await row.getByText('Not configured').waitFor();
    await expectClean(tab, server);

    await page.getByRole('button', { name: 'Set up Grafana', exact: true }).click();
    const form = page.getByRole('dialog', { name: 'Grafana' });
    await form.getByRole('button', { name: 'Save' }).click();
    await form.locator('[name=token][aria-invalid=true]').waitFor();
    takeErrors(tab, /422/);
    await expectClean(tab, server);
    await form.getByLabel('URL').fill(grafana.url);
    await form.getByLabel('Token').fill('another one');
    await form.getByRole('button', { name: 'Test' }).click();
    await form.getByRole('status').getByText('401').waitFor();
    expect((await statusOf(server, 'grafana'))?.status).toBe('not_configured');
    await form.getByLabel('Token').fill(TOKEN);
    await form.getByRole('button', { name: 'Save' }).click();
    await row.getByText('Untested').waitFor();

    await row.getByRole('button', { name: 'Test' }).click();
    await row.getByRole('status').getByText('Grafana is healthy and takes the token.').waitFor();
    await row.getByText('Ok', { exact: true }).waitFor();
    expect(grafana.asked.at(-1)).toBe('GET /api/annotations?limit=1 true');
    await expectClean(tab, server);

    await page.getByRole('button', { name: 'Edit Grafana' }).click();
    expect(await form.getByLabel('Token').inputValue()).toBe(''); // a secret is written, never read
    expect(await page.content()).not.toContain(TOKEN);
    await form.getByLabel('Tags').fill('team-a');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.waitFor({ state: 'detached' });
    await row.getByRole('button', { name: 'Disable' }).click();
    await row.getByText('Disabled').waitFor();
    await row.getByRole('button', { name: 'Enable' }).click();
    await row.getByRole('button', { name: 'Disable' }).waitFor();
    await row.getByRole('button', { name: 'Test' }).click();
    await row.getByRole('status').getByText('Grafana is healthy').waitFor(); // the secret outlived all of it
  });

  it('links the latest trace by a ready template and by one that is typed', async () => {
    const server = await aServer(ALLOWED);
    const { traceId } = await server.call<{ traceId: string }>('POST', '/pipelines', {
      name: 'order',
      stages: [{ name: 'charge', handler: 'charge-card' }],
    });
    const tab = await signedIn(browser, server, 'observability');
    const { page } = tab;
    const links = page.locator('section', { hasText: 'Links to traces and logs' });
    await links.getByText(traceId).waitFor();
    await links.getByRole('button', { name: 'Choose templates' }).click();
    const form = page.getByRole('dialog', { name: 'OpenTelemetry' });
    await form.locator('[name=traceBackend]').selectOption('jaeger');
    await form.locator('[name=traceBackendUrl]').fill('https://jaeger.example.com');
    await form.getByLabel('Logs link template').fill('https://logs.example.com/?q=$' + '{traceId}');
    await form.getByText(`https://logs.example.com/?q=${traceId}`).waitFor();
    await expectClean(tab, server);
    await form.getByRole('button', { name: 'Save' }).click();
    await links.getByRole('link', { name: new RegExp(`^https://jaeger.example.com/trace/${traceId}`) }).waitFor();
    await links.getByRole('link', { name: `https://logs.example.com/?q=${traceId}` }).waitFor();
    await expectClean(tab, server);
  });

  it('shows where the metrics are, and the link leads to them', async () => {
    const server = await aServer();
    const { page } = await signedIn(browser, server, 'observability');
    const { host } = new URL(server.url);
    await page.getByText(`targets: ['${host}']`).waitFor();
    const link = page.getByRole('link', { name: `${host}/metrics`, exact: true });
    const [answer] = await Promise.all([page.waitForResponse('**/metrics'), link.click()]);
    expect([answer.url(), answer.status()]).toEqual([`${server.url}/metrics`, 200]);
    await page.getByText('# TYPE pipelogiq_').first().waitFor();
  });

  it('shows a viewer how integrations do, and nothing to act with', async () => {
    const server = await aServer(ALLOWED);
    await server.call('POST', '/observability/config', {
      type: 'grafana',
      config: { url: 'https://grafana.example.com', token: TOKEN },
    });
    const tab = await asViewer(browser, server, 'observability');
    const { page } = tab;
    await page.getByRole('listitem', { name: 'Grafana', exact: true }).getByText('Untested').waitFor();
    await page.getByText('Only operators may change integrations.').waitFor();
    expect(await page.getByRole('button', { name: /Set up|Edit|Test|Disable|Choose/ }).count()).toBe(0);
    await expectClean(tab, server);
  });
});
