/** What to call, and what to hand on to whoever is called. */
export interface Call {
  url: string;
  arguments: Call[];
}

const MOST_CALLS = 100;

/** The calls that a request asks for; undefined when it asks for something else. */
export function parseCalls(text: string): Call[] | undefined {
  try {
    const calls: unknown = JSON.parse(text);
    return Array.isArray(calls) && calls.length <= MOST_CALLS && calls.every(isCall) ? calls : undefined;
  } catch {
    return undefined;
  }
}

function isCall(value: unknown): value is Call {
  const { url, arguments: more } = (value ?? {}) as Partial<Call>;
  return typeof url === 'string' && URL.canParse(url) && /^https?:/.test(url) && Array.isArray(more);
}
