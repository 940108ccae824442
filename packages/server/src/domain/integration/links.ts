// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of links are written like this
import type { ObservabilityLinks } from '@pipelogiq/protocol';
import type { Ms } from '../../store/store.js';
import type { Settings } from './kind.js';

/** What a link is about. */
export interface Linked {
  traceId: string;
  spanId: string;
  from: Ms;
  to: Ms;
}

export type Linker = (linked: Linked) => { links?: ObservabilityLinks };

const SECOND = 1_000;
/** Clocks differ, and spans of a producer come before the pipeline. */
const MARGIN_MS = 60_000;

const PLACEHOLDERS: { readonly [name: string]: (linked: Linked) => string } = {
  traceId: ({ traceId }) => traceId,
  spanId: ({ spanId }) => spanId,
  from: ({ from }) => String(from),
  to: ({ to }) => String(to),
  fromSeconds: ({ from }) => String(Math.floor(from / SECOND)),
  toSeconds: ({ to }) => String(Math.ceil(to / SECOND)),
};
const PLACEHOLDER = /\$\{([^}]*)\}/g;

const SAMPLE: Linked = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), from: 1_700_000_000_000, to: 1_700_000_060_000 };

/** The template with values that are encoded for URLs; undefined when it is no http URL then. */
function fill(template: string, linked: Linked): string | undefined {
  const filled = template.replace(PLACEHOLDER, (whole, name: string) => {
    const value = Object.hasOwn(PLACEHOLDERS, name) ? PLACEHOLDERS[name]?.(linked) : undefined;
    return value === undefined ? whole : encodeURIComponent(value);
  });
  if (!URL.canParse(filled)) return undefined;
  const { protocol, href } = new URL(filled);
  return protocol === 'http:' || protocol === 'https:' ? href : undefined;
}

/** What is wrong with a template; undefined when it can be filled in. */
export function templateObjection(template: string): string | undefined {
  const names = [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
  const unknown = names.find((name) => !Object.hasOwn(PLACEHOLDERS, name));
  if (unknown !== undefined)
    return `has a placeholder \${${unknown}} that nobody knows; there are ${Object.keys(PLACEHOLDERS).join(', ')}`;
  if (fill(template, SAMPLE) === undefined) return 'must be a URL that begins with http:// or https://';
  return names.length > 0 ? undefined : 'must have a placeholder, as ${traceId}';
}

const pane = JSON.stringify({
  t: {
    datasource: '{uid}',
    queries: [{ refId: 'A', datasource: { type: 'tempo', uid: '{uid}' }, queryType: 'traceql', query: '{traceId}' }],
    range: { from: '{from}', to: '{to}' },
  },
});

/** JSON in a query, with placeholders that stay placeholders. */
const encodedPane = (uid: string): string =>
  encodeURIComponent(pane.replaceAll('{uid}', JSON.stringify(uid).slice(1, -1))).replace(
    /%7B(traceId|from|to)%7D/g,
    (_, name) => `\${${name}}`,
  );

/** Ready templates by backend; what comes before is the URL that people open. */
const TRACE_TEMPLATES: { readonly [backend: string]: (url: string, datasource: string) => string } = {
  tempo: (url, datasource) => `${url}/explore?schemaVersion=1&orgId=1&panes=${encodedPane(datasource)}`,
  jaeger: (url) => `${url}/trace/\${traceId}?uiFind=\${spanId}`,
  honeycomb: (url) => `${url}/trace?trace_id=\${traceId}&trace_start_ts=\${fromSeconds}&trace_end_ts=\${toSeconds}`,
  datadog: (url) => `${url}/apm/trace/\${traceId}`,
  sentry: (url) => `${url}/explore/traces/trace/\${traceId}/`,
};

/** Without templates nothing is linked. */
export function linkerOf(settings: Settings | undefined): Linker {
  if (!settings) return () => ({});
  // What is stored has no defaults; these are those of the fields.
  const { traceBackend = 'tempo', traceBackendUrl, traceDatasource = 'tempo', traceLinkTemplate, logsLinkTemplate } = settings;
  const ready = TRACE_TEMPLATES[String(traceBackend)]?.(String(traceBackendUrl).replace(/\/+$/, ''), String(traceDatasource));
  const trace = typeof traceLinkTemplate === 'string' ? traceLinkTemplate : traceBackendUrl === undefined ? undefined : ready;
  return (linked) => {
    const wide = { ...linked, from: linked.from - MARGIN_MS, to: linked.to + MARGIN_MS };
    const links = {
      ...linkTo('trace', trace, wide),
      ...linkTo('logs', logsLinkTemplate, wide),
    };
    return Object.keys(links).length === 0 ? {} : { links };
  };
}

function linkTo<Key extends string>(key: Key, template: unknown, linked: Linked): { [K in Key]?: string } {
  const url = typeof template === 'string' ? fill(template, linked) : undefined;
  return (url === undefined ? {} : { [key]: url }) as { [K in Key]?: string };
}
