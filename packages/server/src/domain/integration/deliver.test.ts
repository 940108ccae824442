import { describe, expect, it } from 'vitest';
import { text } from '../../config-fields.js';
import type { IntegrationDeliveryRow, LoggedRow } from '../../store/store.js';
import { type SendDeps, sendRows } from './deliver.js';
import type { IntegrationKind } from './kind.js';

const LINE: LoggedRow = {
  id: 0,
  pipeline_id: 1,
  stage_id: 1,
  level: 'info',
  message: '',
  fields: null,
  logged_at: 0,
  application: 'default',
  pipeline: 'p',
  environment: null,
  version: null,
  trace_id: 't',
  stage: 's',
  handler: 'h',
  span_id: 'x',
};

/** Takes up to ten log lines in a request: their ids. */
const KIND = {
  title: 'Test',
  type: 'loki',
  fields: [],
  itemsPerRequest: () => 10,
  request: (items) => ({ method: 'POST', url: '', body: items.map((item) => 'logId' in item && item.logId).join(' ') }),
} as Pick<IntegrationKind, 'title' | 'type' | 'fields' | 'itemsPerRequest' | 'request'> as IntegrationKind;

/** @param answer - a status, by the ids of the lines in a request */
const answering = (answer: (ids: string) => number): SendDeps => ({
  outbound: {
    request: async ({ body }) => ({ status: answer(String(body)), headers: {}, body: '', truncated: false }),
  },
  loggedLines: async (ids) => ids.map((id) => ({ ...LINE, id })),
  now: () => 0,
  signal: new AbortController().signal,
});

const rowOf = (id: number, lines: number[]): IntegrationDeliveryRow => ({
  id,
  kind: 'logs',
  payload: JSON.stringify(lines),
  created_at: 0,
});

const ROWS = [rowOf(1, [1, 2]), rowOf(2, [3, 4]), rowOf(3, [5, 6])];
const statusOf =
  (bad: number, away?: number) =>
  (ids: string): number => {
    const lines = ids.split(' ').map(Number);
    if (lines.length === 1 && lines[0] === away) return 503;
    return lines.includes(bad) ? 400 : 204;
  };

// Seen to fail when items count as they are sent, or a refused batch is one that is not done: 7 sent, and line 2 given up twice.
it('counts each item once, also when a refused batch was sent one by one and the rest has to wait', async () => {
  const first = await sendRows(answering(statusOf(2, 4)), KIND, {}, ROWS);
  expect(first).toMatchObject({ done: [1], sent: 1, dropped: 1, refusal: 'Test answered 400' });
  expect(first.failure?.message).toBe('Test answered 503');
  const rest = await sendRows(answering(statusOf(2)), KIND, {}, ROWS.slice(1));
  expect(rest).toEqual({ done: [2, 3], sent: 4, dropped: 0 });
});

it('gives up the one bad item of a batch alone', async () => {
  const sent = await sendRows(answering(statusOf(3)), KIND, {}, [...ROWS, rowOf(4, [])]);
  expect(sent).toEqual({ done: [1, 2, 3, 4], sent: 5, dropped: 1, refusal: 'Test answered 400' });
});

describe('what is said of a failure', () => {
  const password = `canary-${'é'.repeat(4_000)}`;
  const kind = { ...KIND, fields: [text('password', 'Password.', { secret: true })] };

  // Seen to fail: the words were those of an error, which had the secret.
  it('is what was answered, however long a secret is', async () => {
    const { failure } = await sendRows(
      answering(() => 503),
      kind,
      { password },
      ROWS,
    );
    expect(failure?.message).toBe('Test answered 503');
  });

  // Seen to fail: errors were shown as they were.
  it('has no secret when a request cannot be made', async () => {
    const request = () => JSON.parse(`{"x-key": ${password.slice(0, 6)}}`);
    const { failure } = await sendRows(
      answering(() => 204),
      { ...kind, request },
      { password: password.slice(0, 6) },
      ROWS,
    );
    expect(failure?.message).toContain('[redacted]');
    expect(failure?.message).not.toContain('canary');
  });
});
