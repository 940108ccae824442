import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NonRetryableError } from '@pipelogiq/sdk';
import { type Chart, writeReport } from '../contracts.js';
import { folderOf, writeWhole } from '../files.js';
import { renderReport } from '../report.js';

/** Puts figures and charts into one HTML file that needs nothing beside it. */
export const writeReportWorker = writeReport.handle(async ({ outputDir, charts, ...facts }, job) => {
  const svg = await job.step('read charts', () => readCharts(charts));
  const [, traceId = ''] = job.traceparent.split('-');
  const html = await job.step('render', () => renderReport({ ...facts, svg, pipelineId: job.pipelineId, traceId }));

  const path = join(folderOf(outputDir, job.pipelineId), 'report.html');
  const bytes = await job.step('store', () => writeWhole(path, html));
  job.context.set('report', path);
  job.log.info('report written', { path, bytes });
  return { path, bytes };
});

async function readCharts(charts: readonly Chart[]): Promise<Record<Chart['id'], string>> {
  const read = async (id: Chart['id']) => {
    const chart = charts.find((candidate) => candidate.id === id);
    if (!chart) throw new NonRetryableError(`no chart ${id}`);
    return readFile(chart.path, 'utf8');
  };
  const [top, calendar, genres, ratings] = await Promise.all([read('top'), read('calendar'), read('genres'), read('ratings')]);
  return { top, calendar, genres, ratings };
}
