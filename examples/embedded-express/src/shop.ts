import { once } from 'node:events';
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
}

export interface Shop {
  url: string;
  /** The control plane's key, for curl and the dashboard. */
  apiKey: string;
  /** Takes no new requests, lets running stages finish, then closes the database. */
  close(): Promise<void>;
}

const CATALOGUE = {
  'tea-green': { name: 'Green tea, 100 g', price: 790, available: 40 },
  'tea-black': { name: 'Black tea, 100 g', price: 650, available: 60 },
  'pot-clay': { name: 'Clay teapot', price: 4_900, available: 3 },
};

/** Everything in one process: control plane, worker, shop. */
export async function openShop({ database, port, stock = new Stock(CATALOGUE) }: ShopOptions): Promise<Shop> {
  const controlPlane = await createControlPlane({ database });
  const connection = controlPlane.connection(); // calls the control plane in this process: no socket, no port
  const pipelogiq = new Pipelogiq(connection);

  // One place handles the signals, for the worker as well: see main.ts.
  const worker = pipelogiq.worker({ name: 'shop', handlers: orderHandlers(stock), concurrency: 8, signals: false });
  const working = worker.run();

  const server = createApp({ controlPlane, pipelogiq }).listen(port, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey: connection.apiKey,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      worker.stop();
      await working;
      await pipelogiq.close();
      await controlPlane.close(); // answers its long-polls, so that the server can close
      await closed;
    },
  };
}
