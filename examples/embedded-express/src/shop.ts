import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pipelogiq } from '@pipelogiq/sdk';
import { createControlPlane } from '@pipelogiq/server';
import { createApp } from './app.js';
import { orderHandlers } from './orders.js';
import { Stock } from './stock.js';

export interface ShopOptions {
  /** File of the control plane's database, or `:memory:`. */
  database: string;
  /** 0: a free one. */
  port: number;
  stock?: Stock;
  /** Of the control plane; default `info`. */
  logLevel?: 'info' | 'warn' | 'silent';
}

export interface Shop {
  url: string;
  /** A key for the control plane that lives as long as this process. */
  apiKey: string;
  /** Takes no new requests, lets running stages finish, then closes the database. */
  close(): Promise<void>;
}

const CATALOGUE = {
  'tea-green': { name: 'Green tea, 100 g', price: 790, available: 40 },
  'tea-black': { name: 'Black tea, 100 g', price: 650, available: 60 },
  'pot-clay': { name: 'Clay teapot', price: 4_900, available: 3 },
};

/** Everything in one process: control plane, worker, shop. @throws Error with the system's `code` when it cannot listen */
export async function openShop({ database, port, stock = new Stock(CATALOGUE), logLevel = 'info' }: ShopOptions): Promise<Shop> {
  const controlPlane = await createControlPlane({ database, logLevel });
  const connection = controlPlane.connection(); // calls the control plane in this process: no socket, no port
  const pipelogiq = new Pipelogiq(connection);

  const server = createServer(createApp({ controlPlane, pipelogiq }));
  let closing = false;
  server.on('request', (_request, response) => {
    // A kept-alive connection would hold a closing server open for five more seconds.
    response.once('close', () => closing && server.closeIdleConnections());
  });
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch (error) {
    await controlPlane.close();
    throw error;
  }

  // One place handles the signals, for the worker as well: see main.ts.
  const worker = pipelogiq.worker({ name: 'shop', handlers: orderHandlers(stock), concurrency: 8, signals: false });
  const working = worker.run();

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey: connection.apiKey,
    async close() {
      closing = true;
      const closed = once(server, 'close');
      server.close();
      worker.stop();
      await working;
      await pipelogiq.close();
      await controlPlane.close(); // answers who still waits for a pipeline
      await closed;
    },
  };
}
