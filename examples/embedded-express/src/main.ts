import { openShop } from './shop.js';

try {
  const shop = await openShop({ database: process.env.DATABASE ?? './orders.db', port: Number(process.env.PORT ?? 3000) });
  console.log(`Shop on ${shop.url}, control plane on ${shop.url}/pipelogiq/`);

  let closing = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (closing) process.exit(130);
      closing = true;
      void shop.close();
    });
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
