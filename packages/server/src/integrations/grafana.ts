import { baseOf, cut, flag, JSON_TYPE, listOf, text, textOf, url } from '../config-fields.js';
import type { IntegrationKind, Item, Settings } from '../domain/integration/kind.js';
import { titleOf } from './items.js';

const MAX_TEXT = 2_000;

const authorized = (settings: Settings) => ({ ...JSON_TYPE, authorization: `Bearer ${textOf(settings, 'token')}` });

/** Grafana shows the text of an annotation as HTML. */
const escaped = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function textFor(item: Item): string {
  const title = escaped(cut(titleOf(item), MAX_TEXT));
  if (item.kind === 'mark') return item.link === undefined ? title : `<a href="${escaped(item.link)}">${title}</a>`;
  return item.kind === 'pipeline_failed' ? `${title}<br/>pipeline ${item.pipelineId}, trace ${item.traceId}` : title;
}

/** Annotations: https://grafana.com/docs/grafana/latest/developers/http_api/annotations/ */
export const grafana: IntegrationKind = {
  type: 'grafana',
  title: 'Grafana',
  purpose: 'Annotates dashboards with failed pipelines and deploy marks.',
  fields: [
    url('url', 'Where Grafana is, without the path of a page.', {
      required: true,
      destination: true,
      example: 'https://grafana.example.com',
    }),
    text('token', 'Token of a service account with the role Editor, or with annotations:read and annotations:create.', {
      required: true,
      secret: true,
      example: 'glsa_…',
    }),
    text('dashboardUid', 'Annotate this dashboard alone; else annotations are of the organization and are shown by their tags.'),
    text('tags', 'Tags beside those that are always set, with commas between them.', { example: 'team-a,checkout' }),
    flag('pipelineFailures', 'Annotate failed pipelines.', { default: true }),
    flag('deployMarks', 'Annotate deploy marks.', { default: true }),
  ],
  wants: (settings) => ({ pipelineFailures: settings.pipelineFailures === true, marks: settings.deployMarks === true }),
  itemsPerRequest: () => 1,
  request([item], settings) {
    if (!item) throw new Error('nothing to annotate');
    const { application, pipeline, environment } = item;
    const about = [application, pipeline, environment].filter((name) => name !== undefined);
    return {
      method: 'POST',
      url: `${baseOf(settings)}/api/annotations`,
      headers: authorized(settings),
      body: JSON.stringify({
        ...(settings.dashboardUid !== undefined && { dashboardUID: settings.dashboardUid }),
        time: item.at,
        tags: ['pipelogiq', item.kind === 'mark' ? 'deploy' : item.kind, ...about, ...listOf(settings, 'tags')],
        text: textFor(item),
      }),
    };
  },
  testsQuietly: true,
  test: (settings) => ({
    shows: 'Grafana is healthy and takes the token.',
    calls: [
      { method: 'GET', url: `${baseOf(settings)}/api/health` },
      { method: 'GET', url: `${baseOf(settings)}/api/annotations?limit=1`, headers: authorized(settings) }, // health asks for no token
    ],
  }),
};
