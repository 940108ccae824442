import type { Reads, StageRow } from '../../store/store.js';
import { DomainError } from '../errors.js';
import { decodeCursor, encodeCursor, notFound, parseId, unknownCursor } from '../ids.js';
import type { JsonText, PayloadPage } from '../use-cases.js';
import { byteLength, orNull } from './output.js';
import type { Holder } from './settle.js';

export interface PayloadDeps {
  reads: Reads;
  maxPullBytes: number;
}

const ROWS = 100;
const CONTEXT = 'context:';
const OUTPUTS = 'outputs:';
const OUTPUTS_AFTER = /^outputs:(\d{1,16})$/;
const FIRST = `${OUTPUTS}0`;

/** Outputs of the dependencies, then the context, in pages of at most `maxPullBytes`. Only for the holder of the job. */
export async function readPayload(
  deps: PayloadDeps,
  holder: Holder,
  id: string,
  fencingToken: number,
  cursor: string | undefined,
): Promise<PayloadPage> {
  const [stage] = await deps.reads.stagesById([parseId(id, 'job')]);
  if (!stage || stage.application_id !== holder.applicationId) throw notFound('job', id);
  if (stage.status !== 'running' || stage.worker_id !== holder.workerId || stage.fencing_token !== fencingToken) {
    throw new DomainError('lease_lost', 'The job is not held under this token any more.');
  }
  const position = decodeCursor(cursor, 'string') ?? FIRST;
  if (position.startsWith(CONTEXT)) return contextPage(deps, stage, position.slice(CONTEXT.length));
  const [, after] = OUTPUTS_AFTER.exec(position) ?? [];
  if (after === undefined || !Number.isSafeInteger(Number(after))) throw unknownCursor();
  return outputPage(deps, stage, Number(after));
}

async function outputPage({ reads, maxPullBytes }: PayloadDeps, stage: StageRow, after: number): Promise<PayloadPage> {
  const rows = await reads.dependencyPayloads(stage.id, { limit: ROWS, after });
  const fitting = takeBytes(rows, (row) => row.output, maxPullBytes);
  const last = fitting.at(-1);
  const more = rows.length === ROWS || fitting.length < rows.length;
  return {
    outputs: Object.fromEntries(fitting.map((row) => [row.name, orNull(row.output)])),
    context: {},
    nextCursor: encodeCursor(more && last ? `${OUTPUTS}${last.depends_on_id}` : CONTEXT),
  };
}

async function contextPage({ reads, maxPullBytes }: PayloadDeps, stage: StageRow, after: string): Promise<PayloadPage> {
  const { rows, shown } = await reads.context(stage.pipeline_id, { limit: ROWS, after, maxBytes: maxPullBytes });
  const fitting = rows.slice(0, shown);
  const last = fitting.at(-1);
  const more = rows.length === ROWS || fitting.length < rows.length;
  return {
    outputs: {},
    context: Object.fromEntries(fitting.map((row) => [row.key, row.value as JsonText])),
    nextCursor: more && last ? encodeCursor(`${CONTEXT}${last.key}`) : null,
  };
}

/** The first rows that fit, at least one. */
function takeBytes<Row>(rows: readonly Row[], textOf: (row: Row) => string | null, maxBytes: number): Row[] {
  let bytes = 0;
  const end = rows.findIndex((row, index) => {
    bytes += byteLength(textOf(row));
    return index > 0 && bytes > maxBytes;
  });
  return end === -1 ? [...rows] : rows.slice(0, end);
}
