// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of links are written like this
import type { TraceSummary } from '@pipelogiq/protocol';
import { expect, it } from 'vitest';
import { filledIn } from './template.js';

const TRACE = {
  traceId: 'a'.repeat(32),
  rootSpanId: 'b'.repeat(16),
  createdAt: '2026-01-31T12:00:00.500Z',
  finishedAt: '2026-01-31T12:00:09.500Z',
} as TraceSummary;

it('fills a template with a trace, a minute wider than it was', () => {
  expect(filledIn('https://t.example/${traceId}?span=${spanId}&from=${fromSeconds}&to=${toSeconds}', TRACE, 0)).toBe(
    `https://t.example/${TRACE.traceId}?span=${TRACE.rootSpanId}&from=1769860740&to=1769860870`,
  );
});

it('leaves what it does not know, and goes on until now while the trace does', () => {
  const { finishedAt: _, ...running } = TRACE;
  expect(filledIn('${nobody} ${to}', running, 1_000)).toBe('${nobody} 61000');
});
