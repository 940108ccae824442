import type { TraceSummary } from '@pipelogiq/protocol';

/** As the server widens it: clocks differ, and spans of a producer come before the pipeline. */
const MARGIN_MS = 60_000;

/** A template with the values of a trace, as the server would fill it in; placeholders that nobody knows stay. */
export function filledIn(template: string, { traceId, rootSpanId, createdAt, finishedAt }: TraceSummary, now: number): string {
  const from = Date.parse(createdAt) - MARGIN_MS;
  const to = (finishedAt === undefined ? now : Date.parse(finishedAt)) + MARGIN_MS;
  const values: { readonly [name: string]: string } = {
    traceId,
    spanId: rootSpanId,
    from: String(from),
    to: String(to),
    fromSeconds: String(Math.floor(from / 1_000)),
    toSeconds: String(Math.ceil(to / 1_000)),
  };
  return template.replace(/\$\{([^}]*)\}/g, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined ? whole : encodeURIComponent(value);
  });
}
