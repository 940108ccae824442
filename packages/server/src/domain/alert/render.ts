import type { AlertEvent } from '@pipelogiq/protocol';
import { cut } from '../../config-fields.js';
import { didYouMean } from '../../did-you-mean.js';
import { LABELS } from './record.js';

const PLACEHOLDER = /\{\{\s*([\w]+)\s*\}\}/g;
const MAX_TITLE = 200;
const MAX_BODY = 4_000;

type Labels = { readonly [name: string]: string | undefined };

/** What is wrong with a template; undefined when it can be filled in. */
export function templateObjection(template: string): string | undefined {
  const rest = template.replace(PLACEHOLDER, '');
  if (rest.includes('{{') || rest.includes('}}')) return 'has braces that are no placeholder; write {{ pipeline }}';
  for (const [, name = ''] of template.matchAll(PLACEHOLDER)) {
    if (!LABELS.includes(name))
      return `names {{ ${name} }}, which no event has${didYouMean(name, LABELS) || `; there are ${LABELS.join(', ')}`}`;
  }
  return undefined;
}

/** Plain text: whoever sends it escapes it for whoever shows it. What the event does not have is empty. */
const fill = (template: string, labels: Labels): string => template.replace(PLACEHOLDER, (_, name: string) => labels[name] ?? '');

const named = (name: string | undefined, what: string): string => (name === undefined ? what : `${what} ${name}`);

/** `run_time_p95_ms` → Run time p95: the unit stands beside no figure here. */
const figureIn = (metric: string): string => {
  const words = metric.replace(/_ms$/, '').replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** What happened, in one line. */
const TITLES: { readonly [E in AlertEvent]: (labels: Labels) => string } = {
  stage_failed: (l) => `${named(l.stage, 'Stage')} of ${l.pipeline} failed${l.error_code ? `: ${l.error_code}` : ''}`,
  dead_letter: (l) => `${named(l.stage, 'Stage')} of ${l.pipeline} failed for good${l.error_code ? `: ${l.error_code}` : ''}`,
  stage_rerun_manual: (l) =>
    l.stage === undefined ? `Pipeline ${l.pipeline} was rerun by hand` : `Stage ${l.stage} of ${l.pipeline} was rerun by hand`,
  stage_skipped_manual: (l) => `Stage ${l.stage} of ${l.pipeline} was skipped by hand`,
  pipeline_failed: (l) =>
    `Pipeline ${l.pipeline} failed${l.stage ? ` at ${l.stage}` : ''}${l.error_code ? `: ${l.error_code}` : ''}`,
  pipeline_recovered: (l) => `Pipeline ${l.pipeline} works again`,
  pipeline_stuck: (l) => `Pipeline ${l.pipeline} is not done in time`,
  worker_started: (l) => `Worker ${l.worker} started`,
  worker_stopped: (l) => `Worker ${l.worker} stopped`,
  worker_failed: (l) => `Worker ${l.worker} failed`,
  worker_heartbeat_lost: (l) => `Worker ${l.worker} is silent`,
  worker_registration_failing: () => 'Workers cannot register',
  policy_triggered: (l) => `${named(l.subject, 'Policy')} was triggered`,
  policy_changed: (l) => `${named(l.subject, 'Policy')} was changed`,
  policy_disabled: (l) => `${named(l.subject, 'Policy')} was disabled`,
  policy_deleted: (l) => `${named(l.subject, 'Policy')} was deleted`,
  retry_storm: (l) => `${named(l.handler, 'Handler')} is retried again and again`,
  queue_backlog_high: (l) => `Work for ${l.handler ?? 'handlers'} piles up`,
  integration_check_failing: (l) => `Integration ${l.subject} fails`,
  p95_regression: (l) => `${named(l.handler, 'Handler')} has become slower`,
  threshold_crossed: (l) => `${figureIn(l.subject ?? 'a figure')} crossed its threshold`,
};

const SHOWN: readonly (readonly [label: string, title: string])[] = [
  ['message', 'Message'],
  ['value', 'Value'],
  ['threshold', 'Threshold'],
  ['application', 'Application'],
  ['environment', 'Environment'],
  ['version', 'Version'],
  ['pipeline', 'Pipeline'],
  ['pipeline_id', 'Pipeline id'],
  ['stage', 'Stage'],
  ['handler', 'Handler'],
  ['attempts', 'Attempts'],
  ['worker', 'Worker'],
  ['trace_id', 'Trace'],
];

const ownBody = (labels: Labels): string =>
  SHOWN.flatMap(([label, title]) => (labels[label] === undefined ? [] : [`${title}: ${labels[label]}`])).join('\n');

interface Templates {
  titleTemplate?: string;
  bodyTemplate?: string;
}

/** Title and body of an incident, from the labels of its last event. */
export function render(
  event: AlertEvent,
  { titleTemplate, bodyTemplate }: Templates,
  labels: Labels,
): { title: string; body: string } {
  const title = titleTemplate === undefined ? TITLES[event](labels) : fill(titleTemplate, labels);
  const body = bodyTemplate === undefined ? ownBody(labels) : fill(bodyTemplate, labels);
  return { title: cut(title.replace(/\s+/g, ' ').trim(), MAX_TITLE) || event, body: cut(body.trim(), MAX_BODY) };
}
