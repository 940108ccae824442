import type { CreateMark, Mark, MarkCreated, Page } from '@pipelogiq/protocol';
import type { MarkRow, Ms, Reads } from '../../store/store.js';
import { actorOf, auditBy } from '../account/audit.js';
import type { Committer } from '../commit/committer.js';
import { operate } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { decodeCursor, notFound, parseId, unknownCursor } from '../ids.js';
import { queueMark } from '../integration/queue.js';
import { pageLimit, toPage } from '../page.js';
import type { PageQuery, Principal } from '../use-cases.js';
import { askedApplication } from './asked-application.js';
import { MINUTE } from './periods.js';
import { invalid } from './range.js';

export interface MarkUseCases {
  /** @throws DomainError `invalid_request` for a time that lies ahead or longer ago than figures are kept; `idempotency_conflict` */
  mark(caller: Principal, request: CreateMark): Promise<MarkCreated>;
  /** Latest first. */
  marks(caller: Principal, query: MarkListQuery): Promise<Page<Mark>>;
}

export interface MarkListQuery extends PageQuery {
  from?: string | undefined;
  to?: string | undefined;
  application?: string | undefined;
  pipeline?: string | undefined;
}

export interface MarkDeps {
  committer: Committer;
  reads: Reads;
  insightDaysMs: Ms;
}

/** The clock of whoever marks may be a little fast. */
const MOST_AHEAD_MS = MINUTE;

export function markUseCases({ committer, reads, insightDaysMs }: MarkDeps): MarkUseCases {
  return {
    mark: (caller, request) =>
      operate(committer, caller.applicationId, (group) => setMark(group, caller, request, insightDaysMs)),
    async marks(caller, { from, to, application, pipeline, cursor, ...page }) {
      const limit = pageLimit(page);
      const time = (text: string | undefined): Ms | undefined => (text === undefined ? undefined : Date.parse(text));
      const query = { from: time(from), to: time(to), pipeline, after: positionOf(cursor), limit: limit + 1 };
      const rows = await reads.marks(askedApplication(caller, application), query);
      return toPage(rows, limit, markView, ({ marked_at, id }) => `${marked_at} ${id}`);
    },
  };
}

export async function findMark(reads: Reads, { applicationId }: Principal, id: string): Promise<MarkRow> {
  const row = await reads.mark(applicationId, parseId(id, 'mark'));
  if (!row) throw notFound('mark', id);
  return row;
}

async function setMark(group: Group, caller: Principal, request: CreateMark, oldest: Ms): Promise<MarkCreated | DomainError> {
  const { tx, now, effects } = group;
  const asked = rowOf(request, caller, now);
  const { idempotency_key: key } = asked;
  const known = key === null ? undefined : await tx.markByKey(caller.applicationId, key);
  if (known) return repeated(known, asked, request);
  if (asked.marked_at > now + MOST_AHEAD_MS) return invalid('at', 'lies ahead.');
  if (asked.marked_at < now - oldest) return invalid('at', 'is longer ago than figures are kept.');
  const [id] = (await tx.allocateIds('mark', 1)) as [number];
  const row = { ...asked, id, marked_at: Math.min(asked.marked_at, now) };
  if (!(await tx.insertMark(row))) {
    const winner = await tx.markByKey(caller.applicationId, key ?? ''); // of another server, at the same time
    return winner
      ? repeated(winner, asked, request)
      : new DomainError('state_conflict', 'Another call with this key is under way.');
  }
  const { id: markId, version, at: markedAt, createdBy, ...rest } = markView(row);
  effects.events.add(
    'deploy_marked',
    { id, application_id: row.application_id, name: version },
    JSON.stringify({ markedAt, ...rest }),
  );
  const { link, pipeline, environment, title } = rest;
  await queueMark(group, row.application_id, {
    at: row.marked_at,
    application: caller.application,
    markId,
    version,
    ...(title !== undefined && { title }),
    ...(link !== undefined && { link }),
    ...(pipeline !== undefined && { pipeline }),
    ...(environment !== undefined && { environment }),
  });
  await auditBy(group, caller, { action: 'mark.create', target: { type: 'mark', id: markId }, details: { version } });
  return { ...markView(row), created: true };
}

const rowOf = (
  { version, title, link, pipeline, environment, at, idempotencyKey }: CreateMark,
  caller: Principal,
  now: Ms,
): MarkRow => ({
  id: 0,
  application_id: caller.applicationId,
  marked_at: at === undefined ? now : Date.parse(at),
  version,
  title: title ?? null,
  link: link ?? null,
  pipeline: pipeline ?? null,
  environment: environment ?? null,
  created_by: actorOf(caller),
  idempotency_key: idempotencyKey ?? null,
});

const SAID = ['version', 'title', 'link', 'pipeline', 'environment'] as const;

/** Only a time that was given counts: one that was left out is another one at every try. */
function repeated(known: MarkRow, asked: MarkRow, { at }: CreateMark): MarkCreated | DomainError {
  const isSame = SAID.every((field) => known[field] === asked[field]);
  const isSameTime = at === undefined || Math.abs(known.marked_at - asked.marked_at) <= MOST_AHEAD_MS;
  if (isSame && isSameTime) return { ...markView(known), created: false };
  return new DomainError('idempotency_conflict', 'The idempotency key belongs to a mark that says something else.');
}

function positionOf(cursor: string | undefined): { at: Ms; id: number } | undefined {
  const text = decodeCursor(cursor, 'string');
  if (text === undefined) return undefined;
  const [at = Number.NaN, id = Number.NaN] = text.split(' ').map(Number);
  if (!Number.isSafeInteger(at) || !Number.isSafeInteger(id)) throw unknownCursor();
  return { at, id };
}

export const markView = (row: MarkRow): Mark => ({
  id: String(row.id),
  version: row.version,
  ...(row.title !== null && { title: row.title }),
  ...(row.link !== null && { link: row.link }),
  ...(row.pipeline !== null && { pipeline: row.pipeline }),
  ...(row.environment !== null && { environment: row.environment }),
  at: new Date(row.marked_at).toISOString(),
  createdBy: row.created_by,
});
