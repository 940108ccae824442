import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ALERT_METRICS } from '../packages/protocol/src/index.js';
import { matchOf } from '../packages/server/src/domain/alert/observe-metric.js';
import { SEVERITIES } from '../packages/server/src/domain/alert/record.js';

const page = readFileSync(join(import.meta.dirname, '../docs/guides/alerts.md'), 'utf8');

/** The rows of the table that is headed so: the names in each of its cells. */
function tableOf(head: string): string[][][] {
  const [, behind = ''] = page.split(`${head}\n`);
  const rows = behind.split('\n\n')[0]?.split('\n').slice(1) ?? [];
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)),
  );
}

describe('docs/guides/alerts.md', () => {
  it('says the severity of every event', () => {
    const said = tableOf('| severity | events |').flatMap(([severity = [], events = []]) =>
      events.map((event) => [event, severity[0]]),
    );
    expect(Object.fromEntries(said)).toEqual(SEVERITIES);
  });

  it('says what every figure may be narrowed by', () => {
    const rows = tableOf('| metric | of | unit | narrowed by |');
    const said = rows.flatMap(([metrics = [], , , fields = []]) => metrics.map((metric) => [metric, fields]));
    expect(said).toEqual(ALERT_METRICS.map((metric) => [metric, matchOf(metric)]));
  });
});
