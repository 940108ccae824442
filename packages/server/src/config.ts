import { didYouMean } from './did-you-mean.js';
import {
  type BoolOption,
  DAY,
  type EnumOption,
  type IntOption,
  KIB,
  MIB,
  MINUTE,
  OPTIONS,
  type Option,
  type StringOption,
} from './options.js';

export { OPTIONS, type Option } from './options.js';

export type OptionName = keyof typeof OPTIONS;
export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

type Value<O extends Option> = O extends { values: readonly (infer V)[] }
  ? V
  : O extends IntOption
    ? number
    : O extends BoolOption
      ? boolean
      : string;
type Secret = { [Name in OptionName]: (typeof OPTIONS)[Name] extends { default: unknown } ? never : Name }[OptionName];

/** Resolved options. Durations in milliseconds, sizes in bytes. */
export type Config = { readonly [Name in Exclude<OptionName, Secret>]: Value<(typeof OPTIONS)[Name]> } & {
  readonly [Name in Secret]?: Value<(typeof OPTIONS)[Name]>;
};
/** Options as a caller gives them: every one may be left out. */
export type ConfigOptions = { readonly [Name in OptionName]?: Value<(typeof OPTIONS)[Name]> | undefined };

/** An option that cannot be used; `message` is one line for the user and never holds a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const table: Record<OptionName, Option> = OPTIONS;
const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `leaseMs` → `--lease-ms`. */
export const flagName = (name: OptionName): string => `--${kebab(name)}`;
/** `leaseMs` → `PIPELOGIQ_LEASE_MS`. */
export const envName = (name: OptionName): string => `PIPELOGIQ_${kebab(name).replaceAll('-', '_').toUpperCase()}`;

export const defaultConfig: Config = Object.freeze(
  Object.fromEntries(OPTION_NAMES.filter((name) => 'default' in OPTIONS[name]).map((name) => [name, table[name].default])),
) as Config;

type Raw = string | number | boolean;
type Parsed = { value: Raw } | { problem: string };

const UNITS: Record<IntOption['type'], Record<string, number>> = {
  int: { '': 1 },
  number: { '': 1 },
  size: { '': 1, b: 1, k: KIB, kib: KIB, m: MIB, mib: MIB },
  duration: { '': 1, ms: 1, s: 1_000, m: MINUTE, h: 60 * MINUTE, d: DAY },
};
const NUMBER_WORDS = {
  int: 'a whole number',
  number: 'a number',
  size: 'bytes, or a number with KiB or MiB,',
  duration: 'milliseconds, or a number with ms, s, m, h or d,',
};

function parseNumber(option: IntOption, raw: Raw): Parsed {
  const [, digits, unit] = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)$/i.exec(String(raw).trim()) ?? [];
  const factor = unit === undefined ? undefined : UNITS[option.type][unit.toLowerCase()];
  const value = factor === undefined ? Number.NaN : Number(digits) * factor;
  const isNumber = option.type === 'number' ? Number.isFinite(value) : Number.isSafeInteger(value);
  if (typeof raw !== 'boolean' && isNumber && value >= option.min && value <= option.max) return { value };
  return { problem: `must be ${NUMBER_WORDS[option.type]} from ${option.min} to ${option.max}, not ${JSON.stringify(raw)}` };
}

function parseBool(raw: Raw): Parsed {
  const words: Record<string, boolean> = { true: true, '1': true, yes: true, false: false, '0': false, no: false };
  const value = words[String(raw).toLowerCase()];
  return value === undefined ? { problem: `must be true or false, not ${JSON.stringify(raw)}` } : { value };
}

function parseEnum(option: EnumOption, raw: Raw): Parsed {
  if (option.values.includes(String(raw))) return { value: String(raw) };
  const near = didYouMean(String(raw), option.values);
  return { problem: `must be one of ${option.values.join(', ')}, not ${JSON.stringify(raw)}${near}` };
}

function parseString(option: StringOption, raw: Raw): Parsed {
  const least = option.minLength ?? 0;
  if (typeof raw === 'string' && raw.trim().length >= least && !raw.includes('\0')) return { value: raw };
  return { problem: least > 1 ? `must have ${least} or more characters` : 'must not be empty' };
}

function parse(option: Option, raw: Raw): Parsed {
  if (option.type === 'bool') return parseBool(raw);
  if (option.type === 'enum') return parseEnum(option, raw);
  return option.type === 'string' ? parseString(option, raw) : parseNumber(option, raw);
}

/** Variables with our prefix that are not the server's: the SDK's own, and the switch that shows stacks. */
const FOREIGN_VARIABLES = ['PIPELOGIQ_URL', 'PIPELOGIQ_API_KEY', 'PIPELOGIQ_DEBUG'];

/** Kubernetes gives every container variables for a Service that is called `pipelogiq`, among them `PIPELOGIQ_PORT=tcp://…`. */
const isServiceLink = (name: string, value: string) =>
  /_SERVICE_(HOST|PORT)/.test(name) || /_PORT_\d+_(TCP|UDP|SCTP)/.test(name) || /^(tcp|udp|sctp):\/\//.test(value);

interface Source {
  /** How the option is written there. */
  label(name: OptionName): string;
  get(name: OptionName): Raw | undefined;
  unknown: string[];
}

function objectSource(given: Readonly<Record<string, unknown>>, label: (name: OptionName) => string): Source {
  const labels = OPTION_NAMES.map(label);
  const strangers = Object.keys(given).filter((key) => given[key] !== undefined && !Object.hasOwn(OPTIONS, key));
  return {
    label,
    get: (name) => given[name] as Raw | undefined,
    unknown: strangers.map((key) => {
      const written = label(key as OptionName);
      return `unknown option ${written}${didYouMean(written, labels)}`;
    }),
  };
}

function envSource(env: Readonly<Record<string, string | undefined>>): Source {
  const names = OPTION_NAMES.map(envName);
  // Set but empty counts as not set: compose files and shells pass variables on that way.
  const ours = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[0].startsWith('PIPELOGIQ_') &&
      !!entry[1] &&
      !FOREIGN_VARIABLES.includes(entry[0]) &&
      !isServiceLink(entry[0], entry[1]),
  );
  const values = new Map(ours);
  const level = env.LOG_LEVEL?.toLowerCase(); // many programs know it: a word that is none of ours is none of ours
  if (!values.has(envName('logLevel')) && table.logLevel.type === 'enum' && table.logLevel.values.includes(level ?? '')) {
    values.set(envName('logLevel'), level as string);
  }
  return {
    label: envName,
    get: (name) => values.get(envName(name)),
    unknown: [...values.keys()]
      .filter((key) => !names.includes(key))
      .map((key) => `unknown variable ${key}${didYouMean(key, names)}`),
  };
}

const isBaseUrl = (text: string): boolean => /^https?:\/\/[^@?#]+$/i.test(text) && URL.canParse(text);

/** Rules between options; only for configs whose single values are right. */
function conflicts(config: Config): string[] {
  const {
    database,
    leaseMs,
    heartbeatIntervalMs,
    expireEveryMs,
    aliveGapMs,
    maxValueBytes,
    maxBodyBytes,
    maxBatchBodyBytes,
    groupMaxBytes,
    queueMaxBytes,
    publicUrl,
  } = config;
  return [
    /^[a-z][a-z\d+.-]+:\/\//i.test(database) &&
      !isPostgresUrl(database) &&
      `database is a URL that is not PostgreSQL's; give postgres://user:password@host:5432/database, or the path of an SQLite file`,
    heartbeatIntervalMs * 2 > leaseMs &&
      `heartbeatIntervalMs (${heartbeatIntervalMs}) must be at most half of leaseMs (${leaseMs})`,
    expireEveryMs * 2 > aliveGapMs &&
      `expireEveryMs (${expireEveryMs}) must be at most half of aliveGapMs (${aliveGapMs}), else every round looks like an outage`,
    maxValueBytes > maxBodyBytes && `maxValueBytes (${maxValueBytes}) must not be above maxBodyBytes (${maxBodyBytes})`,
    maxBodyBytes > maxBatchBodyBytes &&
      `maxBodyBytes (${maxBodyBytes}) must not be above maxBatchBodyBytes (${maxBatchBodyBytes})`,
    publicUrl !== undefined &&
      !isBaseUrl(publicUrl) &&
      'publicUrl must be a URL that begins with http:// or https://, without credentials, ? and #',
    groupMaxBytes > queueMaxBytes && `groupMaxBytes (${groupMaxBytes}) must not be above queueMaxBytes (${queueMaxBytes})`,
  ].filter((problem) => problem !== false);
}

export interface ConfigSources {
  /** Options of an embedding program. */
  options?: ConfigOptions;
  /** Flags of the command line by option name (`leaseMs`), values as typed. */
  flags?: Readonly<Record<string, unknown>>;
  /** Usually `process.env`. */
  env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Options > flags > `PIPELOGIQ_*` variables > defaults. Throws one `ConfigError` that names every unknown option
 * (with the one that was probably meant) and every value out of bounds.
 *
 * @example resolveConfig({ flags: { port: '0' }, env: process.env }).port // 0
 */
export function resolveConfig({ options = {}, flags = {}, env = {} }: ConfigSources = {}): Config {
  const sources = [objectSource(options, (name) => name), objectSource(flags, flagName), envSource(env)];
  const problems = sources.flatMap((source) => source.unknown);
  const given: Partial<Record<OptionName, Raw>> = {};
  for (const name of OPTION_NAMES) {
    const source = sources.find((candidate) => candidate.get(name) !== undefined);
    if (!source) continue;
    const parsed = parse(table[name], source.get(name) as Raw);
    if ('value' in parsed) given[name] = parsed.value;
    else problems.push(`${source.label(name)} ${parsed.problem}`);
  }
  const config = { ...defaultConfig, ...given } as { -readonly [Name in keyof Config]: Config[Name] };
  if (given.heartbeatIntervalMs === undefined) {
    config.heartbeatIntervalMs = Math.min(config.heartbeatIntervalMs, Math.floor(config.leaseMs / 3)); // so that a short lease alone is valid
  }
  if (problems.length === 0) problems.push(...conflicts(config));
  if (problems.length > 0) throw new ConfigError(problems.join('; '));
  return config;
}

/** How a database is called in messages: a URL without its password. */
export function databaseName(database: string): string {
  if (!isPostgresUrl(database)) return database;
  const url = URL.canParse(database) ? new URL(database) : undefined;
  return url ? `postgres://${url.host}${url.pathname}` : 'postgres://…';
}

/** Whether `database` names a PostgreSQL database and not a file. */
export const isPostgresUrl = (database: string): boolean => /^postgres(?:ql)?:\/\//.test(database);
