/** The parsers of the OpenTelemetry environment variables (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). */

export type Env = { readonly [name: string]: string | undefined };

/** Told about a value that was not understood and what is used instead. Never carries a header's value: those are secrets. */
export type Warn = (message: string) => void;

/** The first variable that is set; the standard treats an empty value as unset. */
export function read(env: Env, ...names: readonly string[]): { name: string; value: string } | undefined {
  for (const name of names) {
    const value = env[name]?.trim();
    if (value) return { name, value };
  }
  return undefined;
}

/** Only `true`, in any case, is true; anything else but `false` is warned about and false. */
export function readBoolean(env: Env, warn: Warn, ...names: readonly string[]): boolean {
  const found = read(env, ...names);
  if (!found) return false;
  const value = found.value.toLowerCase();
  if (value !== 'true' && value !== 'false') warn(`${found.name} is '${found.value}', expected true or false; using false`);
  return value === 'true';
}

/** A value of `choices`, keyed by what may be written. */
export function readChoice<T extends string>(
  env: Env,
  warn: Warn,
  choices: { readonly [written: string]: T },
  fallback: T,
  ...names: readonly string[]
): T {
  const found = read(env, ...names);
  if (!found) return fallback;
  const choice = Object.hasOwn(choices, found.value.toLowerCase()) ? choices[found.value.toLowerCase()] : undefined;
  if (choice === undefined)
    warn(`${found.name} is '${found.value}', expected one of ${Object.keys(choices).join(', ')}; using ${fallback}`);
  return choice ?? fallback;
}

export function readNumber(
  env: Env,
  warn: Warn,
  range: { min: number; max: number; fallback: number },
  ...names: readonly string[]
): number {
  const found = read(env, ...names);
  if (!found) return range.fallback;
  const value = Number(found.value);
  if (value >= range.min && value <= range.max) return value;
  warn(`${found.name} is '${found.value}', expected a number from ${range.min} to ${range.max}; using ${range.fallback}`);
  return range.fallback;
}

/**
 * `key=value,key=value` with percent-encoded parts, as headers and resource attributes are written.
 * One bad pair discards the whole value, as the standard asks: half of a set of attributes misleads.
 */
export function readPairs(env: Env, warn: Warn, name: string): { [key: string]: string } {
  const text = read(env, name)?.value;
  if (!text) return {};
  const pairs: [string, string][] = [];
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue;
    const equals = pair.indexOf('=');
    const key = decode(pair.slice(0, Math.max(equals, 0)));
    const value = decode(pair.slice(equals + 1));
    if (!key || value === undefined) {
      warn(`${name} is not a list of key=value pairs separated by commas; ignoring it`);
      return {};
    }
    pairs.push([key, value]);
  }
  return Object.fromEntries(pairs);
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part.trim());
  } catch {
    return undefined;
  }
}
