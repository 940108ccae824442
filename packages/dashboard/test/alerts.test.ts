import type { Channel, Incident } from '@pipelogiq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aChannel, aRule, failingOrder, one, outward } from './alerts-support.js';
import { type Browser, openBrowser } from './browser.js';
import { aSlack } from './slack-double.js';
import { expectClean, signedIn, takeErrors } from './support.js';
import { asViewer } from './viewer.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const IN_AN_HOUR = () => new Date(Date.now() + 3_600_000).toISOString();

describe('channels', () => {
  it('makes one for Slack by the form of its kind, and shows what Slack answers to a test', async () => {
    const [server, slack] = [await outward(), await aSlack()];
    const tab = await signedIn(browser, server, 'alerts?tab=channels');
    const { page } = tab;
    await page.getByText('No channel yet').waitFor();
    await expectClean(tab, server);
    await page.getByRole('button', { name: 'New channel' }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Slack/ })
      .waitFor();
    await expectClean(tab, server);
    await page.getByRole('button', { name: /^Slack/ }).click();
    const form = page.getByRole('dialog', { name: 'New channel: Slack' });
    await form.getByLabel('Name', { exact: true }).fill('on call');
    await form.getByRole('button', { name: 'Create' }).click();
    await form.locator('[name=url][aria-invalid=true]').waitFor();
    takeErrors(tab, /422/);
    await form.locator('[name=url]').fill(slack.webhook);
    await form.getByRole('button', { name: 'Create' }).click();
    const test = page.getByRole('dialog', { name: 'Test on call' });
    await test.getByRole('button', { name: 'Send a test' }).click();
    await test.getByText('It was taken.').waitFor();
    await test.getByText(/^Status 200/).waitFor();
    expect(slack.texts).toEqual([expect.stringMatching(/test/i)]);
    await expectClean(tab, server);
    await test.getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('table').getByText('Works').waitFor();
    await expectClean(tab, server);

    expect(await page.content()).not.toContain(slack.webhook);
    await page.getByRole('button', { name: 'More for on call' }).click();
    await page.getByRole('menuitem', { name: 'Edit' }).click();
    const edit = page.getByRole('dialog', { name: 'Edit on call' });
    expect(await edit.locator('[name=url]').inputValue()).toBe(''); // what is stored is never shown again
    await edit.getByLabel('Name', { exact: true }).fill('night shift');
    await edit.getByRole('button', { name: 'Save' }).click();
    await page.getByText('night shift was changed').waitFor();
    await page.getByRole('button', { name: 'Send a test to night shift' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send a test' }).click();
    await page.getByText('It was taken.').waitFor(); // the secret stayed
    expect(slack.texts).toHaveLength(2);
  });

  it('shows what a provider refuses, switches one off, and keeps the one that rules tell', async () => {
    const [server, slack] = [await outward(), await aSlack()];
    const { id } = await aChannel(server, { ...slack, webhook: slack.gone });
    const rule = await aRule(server, [id]);
    const tab = await signedIn(browser, server, 'alerts?tab=channels');
    const { page } = tab;
    await page.getByRole('button', { name: 'Send a test to on call' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send a test' }).click();
    await page.getByText('It was not taken.').waitFor();
    await page
      .getByRole('dialog')
      .getByText(/^Status 404/)
      .waitFor();
    await page
      .getByRole('dialog')
      .getByText(/no_service/)
      .first()
      .waitFor();
    await page.keyboard.press('Escape');

    const choose = async (item: string) => {
      await page.getByRole('button', { name: 'More for on call' }).click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    await choose('Switch off');
    await page.getByText('on call is switched off: its messages wait').waitFor();
    expect(await one<Channel>(server, '/alerts/channels')).toMatchObject({ enabled: false, status: 'disabled' });

    await choose('Delete…');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByText('"Orders that fail"').waitFor();
    takeErrors(tab, /409/);
    await expectClean(tab, server);
    await server.call('DELETE', `/alerts/rules/${rule.id}`);
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No channel yet').waitFor();
  });
});

describe('incidents', () => {
  it('shows one that a failing pipeline opens while one looks, with whom it told, and acknowledges it', async () => {
    const [server, slack] = [await outward(), await aSlack()];
    const { id: channel } = await aChannel(server, slack);
    await aRule(server, [channel], { runbookUrl: 'https://runbooks.example.com/orders' });
    const tab = await signedIn(browser, server, 'alerts');
    const { page } = tab;
    await page.getByText('No incident is open').waitFor();
    await expectClean(tab, server);

    const { id: pipeline } = await failingOrder(server);
    await page.locator('tbody button').first().waitFor();
    const { title } = await one<Incident>(server, '/alerts/incidents');
    await expectClean(tab, server);
    await page.getByRole('button', { name: title, exact: true }).click();
    const detail = page.getByRole('dialog', { name: title });
    await detail.getByText('Delivered').waitFor();
    expect(slack.texts).toEqual([expect.stringContaining('order')]);
    await detail.getByRole('link', { name: `order ${pipeline}` }).waitFor();
    await detail.getByRole('link', { name: 'Runbook' }).waitFor();
    await expectClean(tab, server);

    await detail.getByRole('button', { name: 'Acknowledge' }).click();
    await detail.getByText('Acknowledged').first().waitFor();
    expect(await one<Incident>(server, '/alerts/incidents')).toMatchObject({ status: 'acknowledged' });
    await page.reload(); // the address leads to it
    await detail.getByRole('button', { name: 'Resolve' }).click();
    await detail.getByText('Resolved').first().waitFor();
    expect(await one<Incident>(server, '/alerts/incidents')).toMatchObject({ status: 'resolved' });
    await page.keyboard.press('Escape');
    await page.getByText('No incident is open').waitFor();
    await page.getByRole('combobox', { name: 'State' }).selectOption('Resolved');
    await page.getByRole('button', { name: title, exact: true }).waitFor();
    expect(new URL(page.url()).searchParams.get('status')).toBe('resolved');
  });

  it('says in words that another one tells of it, and does not count it among those to look at', async () => {
    const [server, slack] = [await outward(), await aSlack()];
    const { id } = await aChannel(server, slack);
    await aRule(server, [id]);
    await aRule(server, [id], { name: 'Stages', events: ['dead_letter'] });
    await failingOrder(server);
    const tab = await signedIn(browser, server, 'alerts');
    const { page } = tab;
    await page.getByRole('table').getByText('another incident tells of it').waitFor();
    await expectClean(tab, server);
    await page.goto(`${server.url}/dashboard/operations`);
    const figures = page.locator('main dl').first();
    await figures.getByText('1 more muted, none acknowledged').waitFor();
    const said = (await figures.locator('> div').allInnerTexts()).map((text) => text.replace(/\s+/g, ' '));
    expect(said).toContain('Open incidents 1 to look at 1 more muted, none acknowledged');
    await page.locator('section', { hasText: 'Open incidents' }).getByText('another incident tells of it').waitFor();
    await expectClean(tab, server);
  });
});

describe('a viewer', () => {
  it('sees all of it, and can act on none', async () => {
    const [server, slack] = [await outward(), await aSlack()];
    const { id: channel } = await aChannel(server, slack);
    await aRule(server, [channel]);
    await failingOrder(server);
    const tab = await asViewer(browser, server, 'alerts');
    const { page } = tab;
    await page.locator('tbody button').first().click();
    await page.getByText('Only operators may acknowledge and resolve.').waitFor();
    await page.keyboard.press('Escape');
    await server.call('POST', '/alerts/silences', { match: { pipeline: 'refund' }, comment: 'migration', endsAt: IN_AN_HOUR() });
    for (const tabName of ['Incidents', 'Rules', 'Channels', 'Silences', 'Deliveries']) {
      await page.getByRole('tab', { name: tabName }).click();
      await page.locator('tbody td').first().waitFor();
      for (const name of [
        /^New /,
        /^Acknowledge/,
        /^Resolve/,
        /^Send/,
        /^More for/,
        /^Delete/,
        /^Expire/,
        /^Retry/,
        /^Drop/,
        /^Recommended/,
      ])
        expect(await page.getByRole('button', { name }).count(), `${tabName} ${name}`).toBe(0);
      await expectClean(tab, server);
    }
  });
});
