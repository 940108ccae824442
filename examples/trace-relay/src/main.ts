import { startTracing } from './otel.js';
import { openRelay } from './relay.js';

try {
  const tracing = await startTracing();
  const relay = await openRelay({ port: Number(process.env.PORT ?? 5_000) });
  console.log(`Relay on ${relay.url}/test`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, async () => {
      await relay.close();
      await tracing.shutdown();
    });
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
