/** Makes one report from start to end, with a worker in this process: `node dist/run.js [folder]`. */
import { Pipelogiq } from '@pipelogiq/sdk';
import { ReportFile } from './contracts.js';
import { handlers } from './handlers.js';
import { createDataReport } from './pipeline.js';
import { startPriceService } from './price-service.js';

const prices = await startPriceService();
const pipelogiq = new Pipelogiq();
try {
  const [outputDir = './reports'] = process.argv.slice(2);
  const { id, traceId } = await createDataReport(pipelogiq, { outputDir });
  console.log(`Pipeline ${id}, trace ${traceId}`);
  await workUntilDone(id);

  const report = (await pipelogiq.pipelines.stages(id)).find((stage) => stage.name === 'report');
  console.log(`Report: ${ReportFile.parse(report?.output).path}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await prices.close();
  await pipelogiq.close();
}

async function workUntilDone(id: string): Promise<void> {
  const worker = pipelogiq.worker({ name: 'data-report', handlers: handlers(prices.url), concurrency: 4 });
  const stopped = worker.run().then(() => {
    throw new Error('stopped before the report was done; start a worker to finish it');
  });
  try {
    await Promise.race([pipelogiq.pipelines.waitForSuccess(id), stopped]);
  } finally {
    worker.stop();
    await stopped.catch(() => {}); // a failure of its own has ended the race above
  }
}
