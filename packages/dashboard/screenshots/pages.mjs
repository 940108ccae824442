const MAINTENANCE = {
  type: 'about:blank',
  title: 'Service Unavailable',
  status: 503,
  code: 'unavailable',
  detail: 'The database does not answer',
};

/**
 * What is shot. `path` may be a function of the seed; `prepare(page, seed)` opens what a page has to show, as a dialog; `application` is another
 * one than `default`, `height` ends a picture of what goes on and on, `phone` keeps the picture at 390 too, `isStranger` is who has not signed in,
 * `answer(route)` replaces what the server says to the reads of `asked`. Add your page here; its pictures at 1440 land in docs/images.
 */
export const PAGES = [
  { name: 'sign-in', path: 'sign-in', isStranger: true },
  { name: 'setup', path: 'setup#token=of-the-link-that-the-server-printed', isStranger: true },
  { name: 'invite', path: 'invite#token=of-the-link-that-an-admin-sent', isStranger: true },
  { name: 'operations', path: 'operations', phone: true },
  { name: 'not-found', path: 'pipelnes' },
  {
    name: 'error',
    path: 'schedules',
    asked: /\/schedules\?/,
    answer: (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(MAINTENANCE) }),
    prepare: (page) => page.getByRole('button', { name: 'Try again' }).waitFor({ timeout: 60_000 }),
  },
  { name: 'loading', path: 'pipelines', asked: /\/pipelines\?/, answer: () => undefined, isLoading: true, height: 900 },
  { name: 'pipelines', path: 'pipelines', height: 900, phone: true },
  {
    name: 'pipelines-bulk',
    height: 900,
    path: 'pipelines?name=order&status=failed',
    async prepare(page) {
      await page.getByRole('button', { name: /^Act on/ }).click();
      await page
        .getByRole('menuitem', { name: /^Rerun/ })
        .first()
        .click();
      await page
        .getByRole('dialog')
        .getByRole('button', { name: /^Rerun/ })
        .waitFor();
      await page.waitForFunction(() => document.querySelectorAll('[role=dialog] .shimmer').length === 0);
    },
  },
  {
    name: 'pipeline',
    path: ({ shown }) => `pipelines/${shown.branched}`,
    prepare: (page) => page.locator('[data-stage]').first().waitFor(),
    phone: true,
  },
  { name: 'pipeline-waterfall', path: ({ shown }) => `pipelines/${shown.branched}?tab=waterfall` },
  ...['stages', 'logs', 'context'].map((tab) => ({
    name: `pipeline-${tab}`,
    path: ({ shown }) => `pipelines/${shown.branched}?tab=${tab}`,
  })),
  {
    name: 'stage',
    path: ({ shown }) => `pipelines/${shown.branched}`,
    async prepare(page) {
      await page.getByRole('button', { name: /render-fr/ }).click();
      const panel = page.getByRole('complementary');
      await panel.getByText('Span id').waitFor();
      await panel.getByText('Rendering 148 pages').first().waitFor();
    },
  },
  {
    name: 'stage-why',
    path: ({ shown }) => `pipelines/${shown.unserved}`,
    async prepare(page) {
      await page.getByRole('button', { name: /collect/ }).click();
      await page.getByRole('complementary').getByText('Span id').waitFor();
      await page.waitForFunction(() => document.querySelectorAll('aside .shimmer').length === 0);
    },
  },
  { name: 'insights', path: 'insights' },
  { name: 'workers', path: 'workers' },
  { name: 'worker', path: ({ workers }) => `workers/${workers[0].workerId}` },
  {
    name: 'worker-draining',
    path: ({ workers }) => `workers/${workers.at(-1).workerId}`,
  },
  {
    name: 'worker-drain',
    height: 900,
    path: ({ workers }) => `workers/${workers[0].workerId}`,
    async prepare(page) {
      await page.getByRole('button', { name: 'Drain…' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  { name: 'schedules', path: 'schedules' },
  { name: 'schedule', path: ({ schedule }) => `schedules/${schedule}` },
  {
    name: 'schedule-form',
    path: 'schedules',
    async prepare(page) {
      await page.getByRole('button', { name: 'New schedule' }).click();
      await page.getByLabel('Cron expression').fill('0 9 * * MON-FRI');
    },
  },
  { name: 'alerts', path: 'alerts?status=all' },
  {
    name: 'incident',
    path: 'alerts?status=all',
    height: 900,
    phone: true,
    async prepare(page) {
      await page
        .getByRole('button', { name: /^Pipeline catalogue failed/ })
        .first()
        .click();
      await page.getByRole('dialog').getByRole('heading', { name: 'Messages' }).waitFor();
      await page.waitForFunction(() => document.querySelectorAll('[role=dialog] .shimmer').length === 0);
    },
  },
  { name: 'alert-rules', path: 'alerts?tab=rules' },
  {
    name: 'alert-rule',
    path: 'alerts?tab=rules',
    async prepare(page) {
      await page.getByRole('button', { name: 'Success below 95 %', exact: true }).click();
      await page.getByRole('dialog').getByText('on-call').waitFor();
    },
  },
  { name: 'alert-channels', path: 'alerts?tab=channels' },
  {
    name: 'alert-channel',
    path: 'alerts?tab=channels',
    async prepare(page) {
      await page.getByRole('button', { name: 'New channel' }).click();
      await page
        .getByRole('dialog')
        .getByRole('button', { name: /^Slack/ })
        .click();
    },
  },
  { name: 'alert-silences', path: 'alerts?tab=silences' },
  {
    name: 'alert-silence',
    path: 'alerts?tab=silences',
    async prepare(page) {
      await page.getByRole('button', { name: 'New silence' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  { name: 'alert-deliveries', path: 'alerts?tab=deliveries' },
  { name: 'first-pipeline', path: 'operations', application: 'empty' },
  { name: 'observability', path: 'observability' },
  { name: 'account', path: 'settings/account' },
  { name: 'settings-keys', path: 'settings/keys' },
  {
    name: 'settings-key',
    path: 'settings/keys',
    async prepare(page) {
      await page.getByRole('button', { name: 'New key' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  { name: 'settings-users', path: 'settings/users' },
  { name: 'settings-applications', path: 'settings/applications' },
  { name: 'settings-audit', path: 'settings/audit', height: 900 },
  { name: 'settings-server', path: 'settings/server' },
];
