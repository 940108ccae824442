import { monitorEventLoopDelay } from 'node:perf_hooks';
import { SDK_VERSION } from '../../version.js';
import type { MetricRegistry } from './registry.js';

const DELAY_RESOLUTION_MS = 20;

/** Declares the metrics of the process and the Node.js runtime, under the names that Prometheus clients share. Returns how to stop. */
export function declareProcessMetrics(registry: MetricRegistry): () => void {
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delay.enable();
  const gauge = (name: string, help: string, collect: () => number) => registry.gauge(name, { help, collect });
  const counter = (name: string, help: string, collect: () => number) => registry.counter(name, { help, collect });
  const seconds = (nanoseconds: number) => (Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : 0);

  counter('process_cpu_user_seconds_total', 'CPU time spent in the code of the process.', () => process.cpuUsage().user / 1e6);
  counter(
    'process_cpu_system_seconds_total',
    'CPU time spent in the kernel for the process.',
    () => process.cpuUsage().system / 1e6,
  );
  counter('process_cpu_seconds_total', 'CPU time spent by the process.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  const startedAt = Date.now() / 1_000 - process.uptime();
  gauge('process_start_time_seconds', 'Start of the process in seconds since 1970.', () => startedAt);
  gauge('process_resident_memory_bytes', 'Memory of the process that is in RAM.', () => process.memoryUsage.rss());
  gauge('nodejs_heap_size_total_bytes', 'Size of the JavaScript heap.', () => process.memoryUsage().heapTotal);
  gauge('nodejs_heap_size_used_bytes', 'Used part of the JavaScript heap.', () => process.memoryUsage().heapUsed);
  gauge(
    'nodejs_external_memory_bytes',
    'Memory of buffers outside of the JavaScript heap.',
    () => process.memoryUsage().external,
  );
  gauge('nodejs_active_resources', 'Things that keep the event loop alive.', () => process.getActiveResourcesInfo().length);
  gauge('nodejs_eventloop_lag_p50_seconds', 'Median delay of the event loop since the last reading.', () =>
    seconds(delay.percentile(50)),
  );
  gauge('nodejs_eventloop_lag_p99_seconds', '99th percentile of the delay of the event loop since the last reading.', () => {
    const lag = seconds(delay.percentile(99));
    queueMicrotask(() => delay.reset());
    return lag;
  });
  const version = registry.gauge('nodejs_version_info', { help: 'Version of Node.js; always 1.', labels: ['version'] });
  version.set(1, { version: process.version });
  const build = registry.gauge('pipelogiq_sdk_build_info', { help: 'Version of the SDK; always 1.', labels: ['version'] });
  build.set(1, { version: SDK_VERSION });
  return () => delay.disable();
}
