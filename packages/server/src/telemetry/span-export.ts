import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import { SAMPLED } from '@pipelogiq/protocol';
import type { Clock } from '../clock.js';
import { SHUTDOWN_GRACE_MS, settledWithin } from '../settled-within.js';
import type { FinishedSpan } from './finished-spans.js';
import type { TracingConfig } from './otel-config.js';
import { openExporter } from './otlp-exporter.js';
import { spanOf } from './pipeline-spans.js';
import { finishedSpan, type SpanParts } from './spans.js';

/**
 * Sends finished spans to the tracing backend. Off (`enabled` false, every call does nothing) or on; after `shutdown`
 * it refuses. The exporter is opened with the first span.
 */
export interface SpanExport {
  readonly enabled: boolean;
  /**
   * Resolves once the backend has accepted all of `records`: only then may their queue rows go. Rejects with a
   * `SpanExportError` when that is not certain; the same records may be sent again, their ids never change.
   */
  export(records: readonly FinishedSpan[]): Promise<void>;
  /** The same promise for any other span. */
  send(spans: readonly SpanParts[]): Promise<void>;
  /** Waits at most `graceMs` (default 3,000) for what is on its way, then closes the connection. Repeatable. */
  shutdown(graceMs?: number): Promise<void>;
}

/** The backend did not take the spans. */
export class SpanExportError extends Error {
  override readonly name = 'SpanExportError';
  /**
   * False: the backend refused what these spans contain (or how many they are). Send them one by one and give up on the
   * one that is refused again. True for all else, wrong credentials and addresses too: once mended, the spans go through.
   */
  readonly retryable: boolean;

  constructor(message: string, retryable: boolean, cause?: unknown) {
    super(message, { cause });
    this.retryable = retryable;
  }
}

export interface SpanExportDeps {
  clock: Pick<Clock, 'setTimer'>;
  /** Opens the exporter; default: the one of the configuration. */
  open?: (config: TracingConfig) => Promise<SpanExporter>;
}

const OFF: SpanExport = {
  enabled: false,
  export: async () => {},
  send: async () => {},
  shutdown: async () => {},
};

/** The export that `config` asks for; with none, one that is off. */
export function createSpanExport(config: TracingConfig | undefined, { clock, open = openExporter }: SpanExportDeps): SpanExport {
  if (!config) return OFF;
  const resource = resourceFromAttributes(config.resource);
  let opening: Promise<SpanExporter> | undefined;
  let closed = false;

  async function exporter(): Promise<SpanExporter> {
    opening ??= open(config as TracingConfig);
    return opening.catch((cause: unknown) => {
      opening = undefined; // the next export tries again
      throw new SpanExportError(messageOf(cause), true, cause);
    });
  }

  async function send(spans: readonly SpanParts[]): Promise<void> {
    if (spans.length === 0) return;
    if (closed) throw new SpanExportError('the span export is shut down', true);
    const target = await exporter();
    const finished = spans.map((span) => finishedSpan(resource, span));
    const result = await new Promise<ExportResult>((resolve) => target.export(finished, resolve)).catch((cause: unknown) => {
      throw new SpanExportError(messageOf(cause), false, cause); // could not be encoded
    });
    if (result.code !== ExportResultCode.SUCCESS) throw refusal(result.error);
  }

  return {
    enabled: true,
    send,
    export: (records) => send(records.filter(isSampled).map(spanOf)),
    async shutdown(graceMs = SHUTDOWN_GRACE_MS) {
      if (closed) return;
      closed = true;
      if (!opening) return;
      const closing = opening.then((target) => target.shutdown()).catch(() => {}); // nobody left to tell, and the rows stay queued
      await settledWithin(closing, graceMs, clock);
    },
  };
}

const isSampled = ({ flags }: FinishedSpan): boolean => (flags & SAMPLED) !== 0;

/** HTTP 400, 413 and 422, gRPC INVALID_ARGUMENT (3); the two ranges of numbers do not meet. */
const REFUSALS: ReadonlySet<unknown> = new Set([3, 400, 413, 422]);

function refusal(error: Error | undefined): SpanExportError {
  const code = error && 'code' in error ? error.code : undefined;
  return new SpanExportError(messageOf(error), !REFUSALS.has(code), error);
}

const messageOf = (cause: unknown): string =>
  `spans were not exported: ${cause instanceof Error && cause.message ? cause.message : 'the backend gave no reason'}`;
