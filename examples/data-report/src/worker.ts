/** Runs the stages of data-report until SIGTERM or SIGINT. */
import { Pipelogiq } from '@pipelogiq/sdk';
import { handlers } from './handlers.js';
import { startPriceService } from './price-service.js';

const prices = await startPriceService();
const pipelogiq = new Pipelogiq();
const worker = pipelogiq.worker({ name: 'data-report', handlers: handlers(prices.url), concurrency: 4 });

await worker.run();
await prices.close();
await pipelogiq.close();
