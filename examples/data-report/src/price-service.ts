import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Annual averages of the US consumer price index for all urban consumers (Bureau of Labor Statistics, public domain). */
const PRICES_FILE = new URL('../data/us-consumer-prices.csv', import.meta.url);

export interface PriceService {
  url: string;
  close(): Promise<void>;
}

/**
 * A small HTTP service that stands for the busy API of somebody else: it answers the first request of every `x-request-key`
 * with 503 and the later ones with the price index as CSV. Listens on a free port of the loopback interface.
 */
export async function startPriceService(): Promise<PriceService> {
  const csv = await readFile(PRICES_FILE, 'utf8');
  const asked = new Set<string>();
  const server = createServer((request, response) => {
    const key = String(request.headers['x-request-key'] ?? '');
    if (!asked.has(key)) {
      asked.add(key);
      response.writeHead(503, { 'content-type': 'text/plain' }).end('busy, try again');
      return;
    }
    asked.delete(key);
    response.writeHead(200, { 'content-type': 'text/csv' }).end(csv);
  });
  server.unref(); // it must not keep a drained worker alive
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/us-consumer-prices.csv`,
    close: () => closed(server),
  };
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
