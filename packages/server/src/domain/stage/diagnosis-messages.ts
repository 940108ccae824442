import type { DiagnosedDependency, StageError } from '@pipelogiq/protocol';
import type { DiagnosedStage, Ms } from '../../store/store.js';

/** The words of a diagnosis: what holds the stage, and what a person can do about it. */

const at = (ms: Ms): string => new Date(ms).toISOString();
const quoted = (name: string): string => JSON.stringify(name);
const many = (count: number, one: string, more = `${one}s`): string => `${count} ${count === 1 ? one : more}`;
const because = (error: StageError | null): string => (error ? ` with ${error.code}: ${short(error.message)}` : '');

const MESSAGE_LENGTH = 300; // of an error inside a sentence
const short = (text: string): string => (text.length > MESSAGE_LENGTH ? `${text.slice(0, MESSAGE_LENGTH)}…` : text);

/** `1.5 s`, `3 min`: as exact as a person needs it. */
export function duration(ms: Ms): string {
  const units: [Ms, string][] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ];
  const [size, unit] = units.find(([least]) => ms >= least) ?? [1, 'ms'];
  return `${Math.round((ms / size) * 10) / 10} ${unit}`;
}

/** What lies at or behind `now` waits for a timer that looks once a second. */
const when = (until: Ms, now: Ms): string => (until > now ? `at ${at(until)}, in ${duration(until - now)}` : 'within a second');

const names = (stages: readonly DiagnosedDependency[]): string =>
  stages.map(({ name, status }) => `${quoted(name)} (${status})`).join(', ');

export function finished(stage: DiagnosedStage, error: StageError | null): string {
  if (stage.status === 'failed') return `It failed${because(error)}. Rerun it once the cause is mended.`;
  return `It is ${stage.status} and waits for nothing.`;
}

export function leased(stage: DiagnosedStage, now: Ms): string {
  const who =
    stage.worker_name === null ? `worker ${stage.worker_id}` : `worker ${quoted(stage.worker_name)} (${stage.worker_id})`;
  const seen =
    stage.worker_seen_at === null ? '' : `, which was last heard of ${duration(Math.max(0, now - stage.worker_seen_at))} ago`;
  const ends =
    stage.lease_expires_at === null ? '' : ` Its lease ends at ${at(stage.lease_expires_at)} unless the worker extends it.`;
  return `Attempt ${stage.attempts + 1} of ${stage.max_attempts} is run by ${who}${seen}.${ends}`;
}

export const waitingEvent = (stage: DiagnosedStage): string =>
  `It waits for an event: send POST /stages/${stage.id}/complete with a token of it, or skip it.`;

export const throttled = (): string => 'A policy holds it back; it goes on by itself when the policy has room for it.';

export function blocked(stage: DiagnosedStage, causes: readonly DiagnosedDependency[]): string {
  const because = causes.length === 0 ? 'Something that it depends on failed' : `It depends on ${names(causes)}`;
  return `${because}, so it cannot run. Rerun or skip that, or rerun pipeline ${stage.pipeline_id} from what failed.`;
}

export function dependency(open: number, listed: readonly DiagnosedDependency[]): string {
  const rest = open - listed.length;
  const list = listed.length === 0 ? '' : `: ${names(listed)}${rest > 0 ? ` and ${rest} more` : ''}`;
  return `It waits for ${many(open, 'stage')} that it depends on${list}.`;
}

export const pipelineNotStarted = (stage: DiagnosedStage, now: Ms): string =>
  `Its pipeline starts ${when(stage.pipeline_run_at ?? now, now)}.`;

export const delay = (until: Ms, released: boolean, now: Ms): string =>
  released ? `A worker gave it back, to be run ${when(until, now)}.` : `It is to run ${when(until, now)}.`;

export const backoff = (stage: DiagnosedStage, error: StageError | null, until: Ms, now: Ms): string =>
  `Attempt ${stage.attempts} of ${stage.max_attempts} failed${because(error)}. The next one comes ${when(until, now)}.`;

export const paused = (stage: DiagnosedStage): string =>
  `Its pipeline is paused. Resume it with POST /pipelines/${stage.pipeline_id}/resume.`;

export function noWorker(of: {
  handler: string;
  application: string;
  nearHandler: string | undefined;
  lastWorker: { name: string; last_seen_at: Ms } | undefined;
}): string {
  const near = of.nearHandler === undefined ? '' : ` A live worker has ${quoted(of.nearHandler)}: is one of the two misspelled?`;
  const last = of.lastWorker
    ? ` Worker ${quoted(of.lastWorker.name)} had it and was last heard of at ${at(of.lastWorker.last_seen_at)}: start it again.`
    : ' Start a worker with it.';
  return `No live worker of application ${quoted(of.application)} has the handler ${quoted(of.handler)}.${near || last}`;
}

export const workersDraining = (handler: string, workers: number): string =>
  `${workers === 1 ? 'The only live worker' : `All ${workers} live workers`} with the handler ${quoted(handler)} ` +
  `${workers === 1 ? 'is' : 'are'} draining and will take no more jobs. Start another one.`;

const inFront = (ahead: number): string =>
  ahead === 0 ? 'It is the next one.' : `${many(ahead, 'stage goes', 'stages go')} before it.`;

export const allBusy = (handler: string, workers: number, inFlight: number, ahead: number): string =>
  `${workers === 1 ? 'The only live worker' : `All ${workers} live workers`} with the handler ${quoted(handler)} ` +
  `${workers === 1 ? 'is' : 'are'} busy, with ${many(inFlight, 'job')} in flight. ${inFront(ahead)} ` +
  'Start more workers, raise their concurrency, or give it a higher priority.';

export const readyNow = (handler: string, ahead: number): string =>
  `Nothing holds it: a worker with the handler ${quoted(handler)} is free. ${inFront(ahead)}`;
