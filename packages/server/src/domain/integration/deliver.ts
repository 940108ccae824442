import { redactSecrets } from '@pipelogiq/protocol';
import type { Outbound, OutboundAnswer, OutboundRequest } from '../../outbound/outbound.js';
import { retryAfter, said } from '../../provider-answers.js';
import type { IntegrationDeliveryRow, LoggedRow, Ms } from '../../store/store.js';
import type { IntegrationKind, Item, LoggedLine, Settings } from './kind.js';
import { excerptOf, withoutCutSecrets, withoutSecrets } from './redact.js';

export interface SendDeps {
  outbound: Pick<Outbound, 'request'>;
  loggedLines(ids: number[]): Promise<LoggedRow[]>;
  now(): Ms;
  signal: AbortSignal;
}

export interface Sent {
  /** Rows that need no further delivery, in order; all of them without `failure`. */
  done: number[];
  /** Items of those rows that were taken, and that will never be: what is sent again is counted when its row is done. */
  sent: number;
  dropped: number;
  /** Of the last item that was dropped. */
  refusal?: string;
  /** Why the rest has to wait; nobody is to blame when it was interrupted: the server stops, or has lost its claim. */
  failure?: { message: string; retryAfterMs?: number; isInterrupted?: true };
}

const TOO_MANY_REQUESTS = 429;
/** Content that will be refused again; all else can be mended there or in the config, and then goes through. */
const FINAL: ReadonlySet<number> = new Set([400, 405, 409, 410, 411, 413, 414, 415, 422, 431]);
const EXCERPT = 200;
/** Bytes of items in one request, about. */
const MAX_BYTES = 1_048_576;

type Ended = { kind: 'taken' } | { kind: 'refused'; message: string };
type Result = Ended | { kind: 'later'; message: string; retryAfterMs?: number; isInterrupted?: true };

/** Sends rows in their order, and stops at the first failure that may pass. Never throws for what the other side does. */
export async function sendRows(
  deps: SendDeps,
  kind: IntegrationKind,
  settings: Settings,
  rows: readonly IntegrationDeliveryRow[],
): Promise<Sent> {
  const expanded = await itemsOf(deps, rows);
  const items = expanded.flatMap((row) => row.items);
  const ended: Ended[] = [];
  let failure: Sent['failure'];
  for (const batch of batchesOf(items, kind.itemsPerRequest(settings))) {
    failure = await sendBatch(deps, kind, settings, batch, ended);
    if (failure) break;
  }
  return { ...countOf(expanded, ended), ...(failure && { failure }) };
}

/** @param ended - how the first items ended, in order */
function countOf(rows: readonly { id: number; items: Item[] }[], ended: readonly Ended[]): Sent {
  const outcome: Sent = { done: [], sent: 0, dropped: 0 };
  let before = 0;
  for (const { id, items } of rows) {
    const own = ended.slice(before, before + items.length);
    if (own.length < items.length) break;
    before += items.length;
    outcome.done.push(id);
    for (const end of own) {
      if (end.kind === 'taken') outcome.sent += 1;
      else {
        outcome.dropped += 1;
        outcome.refusal = end.message;
      }
    }
  }
  return outcome;
}

/**
 * A batch that is refused for good goes again, each item alone, so that only the bad one is given up.
 * @param ended - grows by those that need no further delivery
 */
async function sendBatch(
  deps: SendDeps,
  kind: IntegrationKind,
  settings: Settings,
  batch: readonly Item[],
  ended: Ended[],
): Promise<Sent['failure']> {
  const result = await send(deps, kind, settings, batch);
  if (result.kind === 'later') return result;
  if (result.kind === 'taken' || batch.length === 1) {
    for (const _ of batch) ended.push(result);
    return undefined;
  }
  for (const item of batch) {
    const later = await sendBatch(deps, kind, settings, [item], ended);
    if (later) return later; // of a row that is not done, those before it come twice: once more is better than never
  }
  return undefined;
}

async function send(deps: SendDeps, kind: IntegrationKind, settings: Settings, items: readonly Item[]): Promise<Result> {
  try {
    return await call(deps, kind, settings, kind.request(items, settings, deps.now()));
  } catch (error) {
    if (deps.signal.aborted) return { kind: 'later', message: 'The delivery was interrupted.', isInterrupted: true };
    return { kind: 'later', message: withoutSecrets(messageOf(error), kind, settings) };
  }
}

async function call(deps: SendDeps, kind: IntegrationKind, settings: Settings, request: OutboundRequest): Promise<Result> {
  const answer = await deps.outbound.request({ ...request, signal: deps.signal });
  if (isAccepted(kind, answer)) return { kind: 'taken' };
  const message = refusalOf(kind, settings, answer);
  const retryAfterMs = retryAfter(answer, deps.now());
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (answer.status === TOO_MANY_REQUESTS) return { kind: 'later', message, ...wait };
  return FINAL.has(answer.status) ? { kind: 'refused', message } : { kind: 'later', message, ...wait };
}

export const isAccepted = (kind: IntegrationKind, answer: OutboundAnswer): boolean =>
  kind.accepts ? kind.accepts(answer) : answer.status >= 200 && answer.status < 300;

/** What the other side said, without the secrets that it may repeat. */
export function refusalOf(kind: IntegrationKind, settings: Settings, answer: OutboundAnswer): string {
  const { status, body } = withoutCutSecrets(answer, kind, settings);
  return said(kind.title, { status, body: excerptOf(body, EXCERPT, kind, settings) });
}

/** What is no Error may not even be a text. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'It failed without a reason.');

/** By number of items, and by their size. */
function batchesOf(items: readonly Item[], most: number): Item[][] {
  const batches: Item[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = JSON.stringify(item).length;
    const last = batches.at(-1);
    if (last && last.length < most && bytes + size <= MAX_BYTES) {
      last.push(item);
      bytes += size;
    } else {
      batches.push([item]);
      bytes = size;
    }
  }
  return batches;
}

/**
 * Lines of logs are read when they go; those that are gone by then are not sent. What looks like a secret in words of users' code stays
 * here: the providers are others' machines.
 */
async function itemsOf(deps: SendDeps, rows: readonly IntegrationDeliveryRow[]): Promise<{ id: number; items: Item[] }[]> {
  const idsOf = ({ kind, payload }: IntegrationDeliveryRow): number[] =>
    kind === 'logs' ? (JSON.parse(payload) as number[]) : [];
  const lines = new Map((await deps.loggedLines(rows.flatMap(idsOf))).map((line) => [line.id, loggedLine(line)]));
  return rows.map((row) => ({
    id: row.id,
    items:
      row.kind === 'logs' ? idsOf(row).flatMap((id) => lines.get(id) ?? []) : [JSON.parse(redactSecrets(row.payload)) as Item],
  }));
}

const loggedLine = (row: LoggedRow): LoggedLine => ({
  kind: 'log',
  at: row.logged_at,
  application: row.application,
  pipelineId: String(row.pipeline_id),
  pipeline: row.pipeline,
  ...(row.environment !== null && { environment: row.environment }),
  ...(row.version !== null && { version: row.version }),
  traceId: row.trace_id,
  stageId: String(row.stage_id),
  stage: row.stage ?? '(removed)',
  handler: row.handler ?? '(removed)',
  spanId: row.span_id ?? '',
  logId: String(row.id),
  level: row.level,
  message: redactSecrets(row.message),
  ...(row.fields !== null && { fields: redactSecrets(row.fields) }),
});
