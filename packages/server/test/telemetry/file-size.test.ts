import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { metricsOf } from '../engine/metrics-support.js';
import { harness } from '../engine/support.js';
import { aDatabaseFile } from '../support/files.js';

// Seen to fail with the size of the file itself in the place of that of the log.
it('has the size of the log beside a file of SQLite, which grows with what is stored', async () => {
  const database = aDatabaseFile();
  const h = await harness({ database, metricsMaxAgeMs: 0 });
  const sizes = async () => {
    const metrics = await metricsOf(h);
    const shown = metrics.value('pipelogiq_database_wal_size_bytes');
    expect(shown).toBe(statSync(`${database}-wal`).size);
    return { wal: shown, file: metrics.value('pipelogiq_database_size_bytes') };
  };
  const before = await sizes();
  for (let at = 0; at < 20; at++) await h.create({ stages: [{ name: 'a', handler: 'a', input: 'x'.repeat(20_000) }] });
  const after = await sizes();
  expect(after.wal).toBeGreaterThan(before.wal);
  expect(after.file - before.file).toBeGreaterThanOrEqual(20 * 20_000);
});
