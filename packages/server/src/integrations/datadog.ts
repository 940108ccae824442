import { baseOf, cut, flag, JSON_TYPE, listOf, text, textOf, url } from '../config-fields.js';
import type { IntegrationKind, Item, Settings } from '../domain/integration/kind.js';
import { idsOf, titleOf } from './items.js';

const MAX_TITLE = 500;
const MAX_TEXT = 4_000;
const MAX_KEY = 100;
const MAX_TAG = 200;

const apiOf = (settings: Settings): string =>
  settings.apiUrl === undefined ? `https://api.${textOf(settings, 'site')}` : baseOf(settings, 'apiUrl');
const headersOf = (settings: Settings) => ({ ...JSON_TYPE, 'dd-api-key': textOf(settings, 'apiKey') ?? '' });

/** Ids are no tags: each would be one of its own. */
const TAGGED = ['application', 'environment', 'version', 'pipeline', 'stage', 'handler', 'error_code'];

function tagsOf(item: Item, settings: Settings): string[] {
  const ids = idsOf(item);
  const own = TAGGED.flatMap((name) =>
    ids[name] === undefined ? [] : [`${name === 'environment' ? 'env' : name}:${ids[name]}`],
  );
  return ['source:pipelogiq', ...own, ...listOf(settings, 'tags')].map((tag) => tag.slice(0, MAX_TAG));
}

function textFor(item: Item): string {
  if (item.kind === 'mark') return item.link ?? titleOf(item);
  const { trace_id: trace, pipeline_id: pipeline, stage_id: stage } = idsOf(item);
  const ids = `Pipeline ${pipeline}${stage === undefined ? '' : `, stage ${stage}`}, trace ${trace}`;
  return item.kind === 'stage_failed' ? `${ids}\n${item.message}` : ids;
}

/** Events v1: https://docs.datadoghq.com/api/latest/events/ */
export const datadog: IntegrationKind = {
  type: 'datadog',
  title: 'Datadog',
  purpose: 'Posts events for failed pipelines, deploy marks and, if wanted, failed stages.',
  fields: [
    text('site', 'Site of your organization.', { destination: true, default: 'datadoghq.com', example: 'datadoghq.eu' }),
    url('apiUrl', 'Base URL of the API, where it is not that of the site.', {
      destination: true,
      example: 'https://api.datadoghq.com',
    }),
    text('apiKey', 'API key.', { required: true, secret: true }),
    text('tags', 'Tags beside those that are always set, with commas between them.', { example: 'team:checkout' }),
    flag('pipelineFailures', 'Post failed pipelines.', { default: true }),
    flag('stageFailures', 'Post failed stages.', { default: false }),
    flag('deployMarks', 'Post deploy marks.', { default: true }),
  ],
  check: ({ site }) =>
    /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(String(site))
      ? undefined
      : { field: 'site', message: 'must be a host name, as datadoghq.eu' },
  wants: (settings) => ({
    pipelineFailures: settings.pipelineFailures === true,
    stageFailures: settings.stageFailures === true,
    marks: settings.deployMarks === true,
  }),
  itemsPerRequest: () => 1,
  request([item], settings) {
    if (!item) throw new Error('nothing to post');
    return {
      method: 'POST',
      url: `${apiOf(settings)}/api/v1/events`,
      headers: headersOf(settings),
      body: JSON.stringify({
        title: cut(titleOf(item), MAX_TITLE),
        text: cut(textFor(item), MAX_TEXT),
        date_happened: Math.floor(item.at / 1_000),
        alert_type: item.kind === 'mark' ? 'info' : 'error',
        priority: 'normal',
        aggregation_key: cut(item.kind === 'mark' ? `deploy ${item.application}` : `${item.kind} ${item.pipeline}`, MAX_KEY),
        tags: tagsOf(item, settings),
      }),
    };
  },
  testsQuietly: true,
  test: (settings) => ({
    shows: 'Datadog knows the API key.',
    calls: [{ method: 'GET', url: `${apiOf(settings)}/api/v1/validate`, headers: headersOf(settings) }],
  }),
};
