import type { AlertDelivery, AlertRule, Page as PageOf, Silence } from '@pipelogiq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aChannel, aRule, failingOrder, one, outward } from './alerts-support.js';
import { type Browser, openBrowser } from './browser.js';
import { aSlack } from './slack-double.js';
import { expectClean, signedIn, takeErrors } from './support.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

describe('rules', () => {
  it('installs those that are recommended, and makes one by a form that shows what it would say', async () => {
    const [server, slack] = [await outward(), await aSlack()];
    await aChannel(server, slack);
    const tab = await signedIn(browser, server, 'alerts?tab=rules');
    const { page } = tab;
    const rules = async () => (await server.call<PageOf<AlertRule>>('GET', '/alerts/rules?limit=50')).items;
    await page.getByText('No rule yet').waitFor();
    await page.getByRole('button', { name: 'Recommended rules…' }).click();
    await page.getByRole('dialog').getByLabel('on call').waitFor();
    await expectClean(tab, server);
    await page.getByRole('dialog').getByRole('button', { name: 'Install' }).click();
    await page.getByRole('button', { name: 'Silent workers', exact: true }).waitFor();
    expect((await rules()).map(({ name }) => name)).toContain('Silent workers');
    await expectClean(tab, server);

    await page.getByRole('button', { name: 'New rule' }).click();
    const form = page.getByRole('dialog', { name: 'New rule' });
    await form.getByLabel('Name', { exact: true }).fill('Few orders succeed');
    await form.getByLabel('Pipeline failed').uncheck();
    await form.getByLabel('Threshold crossed').check();
    await form.getByLabel('on call').check();
    await form.getByRole('button', { name: 'Create' }).click();
    await form.locator('[name="condition.threshold"][aria-invalid=true]').waitFor();
    takeErrors(tab, /422/);
    await form.getByLabel('Figure').selectOption('success_rate');
    await form.getByLabel('Is', { exact: true }).selectOption('below');
    await form.locator('[name="condition.threshold"]').fill('0.9');
    await form.locator('[name="condition.forMs"]').fill('soon');
    await form.getByRole('button', { name: 'Create' }).click();
    await form.locator('[name="condition.forMs"][aria-invalid=true]').waitFor();
    await form.locator('[name="condition.forMs"]').fill('5m');
    await form.getByText('Only of some').click();
    await form.locator('[name="match.pipelines"]').fill('order, refund-*');
    await expectClean(tab, server);
    await form.getByRole('button', { name: 'Preview the message' }).click();
    const preview = page.getByRole('dialog', { name: 'Preview' });
    await preview.getByText('To on call').waitFor();
    await expectClean(tab, server);
    expect(slack.texts).toEqual([]); // nothing was sent
    await preview.getByRole('button', { name: 'Close' }).last().click();
    await form.getByRole('button', { name: 'Create' }).click();
    await page.getByText('Few orders succeed was made').waitFor();
    const made = (await rules()).find(({ name }) => name === 'Few orders succeed');
    expect(made).toMatchObject({
      events: ['threshold_crossed'],
      match: { pipelines: ['order', 'refund-*'] },
      condition: { metric: 'success_rate', direction: 'below', threshold: 0.9, forMs: 300_000 },
      groupWaitMs: 10_000,
    });

    await page.getByRole('button', { name: 'Few orders succeed', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Severity', { exact: true }).selectOption('critical');
    await page.getByRole('dialog').getByLabel('Critical', { exact: true }).check();
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').getByText('is that of none of its events').first().waitFor();
    takeErrors(tab, /422/);
    await page.getByRole('dialog').getByLabel('Critical', { exact: true }).uncheck();
    await page.getByRole('dialog').getByLabel('Warning', { exact: true }).check();
    await expectClean(tab, server);
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByText('Few orders succeed was changed').waitFor();
    const { createdAt: _made, updatedAt: _changed, ...whole } = made as AlertRule;
    expect((await rules()).find(({ name }) => name === made?.name)).toMatchObject({
      ...whole,
      severity: 'critical',
      match: { ...whole.match, severities: ['warning'] },
    });

    const choose = async (item: string) => {
      await page.getByRole('button', { name: 'More for Few orders succeed' }).click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    await choose('Switch off');
    await page.getByText(/^Few orders succeed is switched off/).waitFor();
    expect((await rules()).find(({ name }) => name === made?.name)).toMatchObject({ enabled: false });
    await choose('Delete…');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Few orders succeed was deleted').waitFor();
    expect((await rules()).some(({ name }) => name === made?.name)).toBe(false);
  });
});

describe('silences and deliveries', () => {
  it('silences what is alike an incident, and ends that', async () => {
    const server = await outward();
    await aRule(server, []);
    await failingOrder(server);
    const tab = await signedIn(browser, server, 'alerts');
    const { page } = tab;
    await page.locator('tbody button').first().click();
    await page.getByRole('button', { name: 'Silence…' }).click();
    const form = page.getByRole('dialog', { name: 'New silence' });
    expect(await form.getByLabel('Pipeline is').inputValue()).toBe('order');
    await form.getByLabel('Lasts').fill('3h');
    await form.getByLabel('Why').fill('we know');
    await expectClean(tab, server);
    const before = Date.now();
    await form.getByRole('button', { name: 'Silence', exact: true }).click();
    await page.getByText('Silenced').first().waitFor();
    const silence = await one<Silence>(server, '/alerts/silences');
    expect(silence).toMatchObject({
      match: { rule: 'Orders that fail', pipeline: 'order' },
      comment: 'we know',
      status: 'active',
    });
    expect(Date.parse(silence.endsAt)).toBeGreaterThanOrEqual(before + 3 * 3_600_000 - 1_000);

    await page.goto(`${server.url}/dashboard/alerts?tab=silences`);
    await page.getByRole('button', { name: /^Expire now/ }).waitFor();
    await expectClean(tab, server);
    await page.getByRole('button', { name: /^Expire now/ }).click();
    await page.getByRole('heading', { name: 'Expired' }).waitFor();
    expect(await one<Silence>(server, '/alerts/silences')).toMatchObject({ status: 'expired' });
    await expectClean(tab, server);
  });

  it('shows what a provider refused, tries it again, and finds it by its state', async () => {
    const [server, slack] = [await outward(), await aSlack()];
    const { id } = await aChannel(server, { ...slack, webhook: slack.gone });
    await aRule(server, [id]);
    await failingOrder(server);
    const tab = await signedIn(browser, server, 'alerts?tab=deliveries');
    const { page } = tab;
    await page
      .getByText(/no_service/)
      .first()
      .waitFor();
    await expectClean(tab, server);
    const [message] = (await server.call<PageOf<AlertDelivery>>('GET', '/alerts/deliveries')).items;
    expect(message).toMatchObject({ state: 'failed' });
    await server.call('PUT', `/alerts/channels/${id}`, { name: 'on call', type: 'slack', config: { url: slack.webhook } });
    await page.getByRole('button', { name: /^Retry/ }).click();
    await page.getByRole('cell', { name: 'Delivered' }).waitFor();
    expect(slack.texts).toHaveLength(1);
    await page.getByRole('combobox', { name: 'State' }).selectOption('Failed');
    await page.getByText('No message fits these filters').waitFor();
  });

  it('drops a message that waits, which nobody gets then', async () => {
    const [server, slack] = [await outward(), await aSlack()];
    const { id } = await aChannel(server, { ...slack, webhook: slack.busy });
    await aRule(server, [id]);
    await failingOrder(server);
    const tab = await signedIn(browser, server, 'alerts?tab=deliveries');
    const { page } = tab;
    await page.getByText(/service_unavailable/).waitFor();
    await page.getByRole('button', { name: /^Drop Pipeline order failed/ }).click();
    await page.getByText('The message is given up').waitFor();
    await page.getByRole('cell', { name: 'Dropped' }).waitFor();
    expect(await page.getByRole('button', { name: /^Drop/ }).count()).toBe(0);
    expect(await one<AlertDelivery>(server, '/alerts/deliveries')).toMatchObject({ state: 'dropped' });
    await expectClean(tab, server);
    await server.call('PUT', `/alerts/channels/${id}`, { name: 'on call', type: 'slack', config: { url: slack.webhook } });
    await server.call('POST', `/alerts/channels/${id}/test`);
    expect(slack.texts).toEqual([expect.stringMatching(/test/i)]);
  });
});
