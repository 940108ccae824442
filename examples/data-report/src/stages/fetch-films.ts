import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { NonRetryableError } from '@pipelogiq/sdk';
import { fetchFilms } from '../contracts.js';
import { folderOf, writeWhole } from '../files.js';

// vega-datasets exports only its entry point, build/index.js; its data lie beside that folder.
const require = createRequire(import.meta.url);
export const MOVIES_FILE = join(require.resolve('vega-datasets'), '../../data/movies.json');

/** Copies the data set into the pipeline's folder. It has 1.4 MB, more than an output may have, so its path goes on. */
export const fetchFilmsWorker = fetchFilms.handle(async ({ outputDir }, job) => {
  const text = await job.step('read', () => readFile(MOVIES_FILE, { encoding: 'utf8', signal: job.signal }));
  const rows: unknown = JSON.parse(text);
  if (!Array.isArray(rows)) throw new NonRetryableError('movies.json is not a list');

  const path = join(folderOf(outputDir, job.pipelineId), 'movies.json');
  const bytes = await job.step('store', () => writeWhole(path, text));
  job.log.info('films fetched', { rows: rows.length, bytes });
  return { path, name: 'movies.json', rows: rows.length, bytes, sha256: createHash('sha256').update(text).digest('hex') };
});
