import { NonRetryableError } from '@pipelogiq/sdk';
import { fetchPrices } from '../contracts.js';
import type { Prices } from '../films.js';

/** The lines `year,index` below a header line. */
export function parsePrices(csv: string): Prices {
  const prices: Prices = {};
  for (const line of csv.trim().split('\n').slice(1)) {
    const [year, index] = line.split(',').map(Number);
    if (!year || !index) throw new NonRetryableError(`not a line of a price index: ${line}`);
    prices[year] = index;
  }
  return prices;
}

/** Asks the price service. Whatever it answers but 200 fails the attempt; the control plane hands the stage out again. */
export const fetchPricesWorker = (url: string) =>
  fetchPrices.handle(async ({ from, to }, job) => {
    const response = await job.step('ask', () =>
      fetch(url, { signal: job.signal, headers: { 'x-request-key': job.idempotencyKey } }),
    );
    const body = await response.text();
    if (!response.ok) {
      job.log.warn('the price service is busy', { status: response.status, attempt: job.attempt });
      throw new Error(`the price service answered ${response.status}: ${body}`);
    }
    const prices = parsePrices(body);
    for (let year = from; year <= to; year++) {
      if (prices[year] === undefined) throw new NonRetryableError(`the price index lacks ${year}`);
    }
    job.log.info('prices fetched', { years: Object.keys(prices).length, attempt: job.attempt });
    return { prices, source: 'US Bureau of Labor Statistics, CPI-U, annual averages', attempt: job.attempt };
  });
