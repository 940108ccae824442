import type { OtelSignal, SignalConfig } from '@pipelogiq/protocol';
import { ConfigurationError } from '../../errors.js';

interface PackageTypes {
  '@opentelemetry/resources': typeof import('@opentelemetry/resources');
  '@opentelemetry/context-async-hooks': typeof import('@opentelemetry/context-async-hooks');
  '@opentelemetry/sdk-trace-base': typeof import('@opentelemetry/sdk-trace-base');
  '@opentelemetry/sdk-metrics': typeof import('@opentelemetry/sdk-metrics');
  '@opentelemetry/sdk-logs': typeof import('@opentelemetry/sdk-logs');
  '@opentelemetry/exporter-trace-otlp-proto': typeof import('@opentelemetry/exporter-trace-otlp-proto');
  '@opentelemetry/exporter-metrics-otlp-proto': typeof import('@opentelemetry/exporter-metrics-otlp-proto');
  '@opentelemetry/exporter-logs-otlp-proto': typeof import('@opentelemetry/exporter-logs-otlp-proto');
  '@opentelemetry/exporter-trace-otlp-grpc': typeof import('@opentelemetry/exporter-trace-otlp-grpc');
  '@opentelemetry/exporter-metrics-otlp-grpc': typeof import('@opentelemetry/exporter-metrics-otlp-grpc');
  '@opentelemetry/exporter-logs-otlp-grpc': typeof import('@opentelemetry/exporter-logs-otlp-grpc');
}

export type PackageName = keyof PackageTypes;

/**
 * The optional packages, each behind an import of its own: nothing of them is in memory unless it is used. Bundlers leave an import
 * with a `catch` alone when the package is not there.
 */
const LOADERS: { readonly [Name in PackageName]: () => Promise<PackageTypes[Name] | Missing> } = {
  '@opentelemetry/resources': () => import('@opentelemetry/resources').catch(missing),
  '@opentelemetry/context-async-hooks': () => import('@opentelemetry/context-async-hooks').catch(missing),
  '@opentelemetry/sdk-trace-base': () => import('@opentelemetry/sdk-trace-base').catch(missing),
  '@opentelemetry/sdk-metrics': () => import('@opentelemetry/sdk-metrics').catch(missing),
  '@opentelemetry/sdk-logs': () => import('@opentelemetry/sdk-logs').catch(missing),
  '@opentelemetry/exporter-trace-otlp-proto': () => import('@opentelemetry/exporter-trace-otlp-proto').catch(missing),
  '@opentelemetry/exporter-metrics-otlp-proto': () => import('@opentelemetry/exporter-metrics-otlp-proto').catch(missing),
  '@opentelemetry/exporter-logs-otlp-proto': () => import('@opentelemetry/exporter-logs-otlp-proto').catch(missing),
  '@opentelemetry/exporter-trace-otlp-grpc': () => import('@opentelemetry/exporter-trace-otlp-grpc').catch(missing),
  '@opentelemetry/exporter-metrics-otlp-grpc': () => import('@opentelemetry/exporter-metrics-otlp-grpc').catch(missing),
  '@opentelemetry/exporter-logs-otlp-grpc': () => import('@opentelemetry/exporter-logs-otlp-grpc').catch(missing),
};

/** Gets a package that `loadPackages` found. */
export type Packages = <Name extends PackageName>(name: Name) => PackageTypes[Name];

interface Missing {
  missing: unknown;
}

function missing(cause: unknown): Missing {
  return { missing: cause };
}

const isMissing = (loaded: object): loaded is Missing => 'missing' in loaded;

const NEEDED = {
  traces: ['@opentelemetry/sdk-trace-base', '@opentelemetry/context-async-hooks'],
  metrics: ['@opentelemetry/sdk-metrics'],
  logs: ['@opentelemetry/sdk-logs'],
} as const satisfies { [signal in OtelSignal]: PackageName[] };

/** The exporter of a signal, by protocol. */
export const exporterOf = (signal: OtelSignal, { protocol }: SignalConfig) =>
  `@opentelemetry/exporter-${signal === 'traces' ? 'trace' : signal}-otlp-${protocol === 'grpc' ? 'grpc' : 'proto'}` as const;

/**
 * Loads what the signals need.
 *
 * @throws ConfigurationError that has the whole `npm install` line when a package is missing
 */
export async function loadPackages(
  exports: { readonly [signal in OtelSignal]: SignalConfig | undefined },
  load: (name: PackageName) => Promise<object> = (name) => LOADERS[name](),
): Promise<Packages> {
  const names = neededFor(exports);
  const loaded = new Map(await Promise.all(names.map(async (name) => [name, await load(name)] as const)));
  const absent = [...loaded].filter(([, found]) => isMissing(found)).map(([name]) => name);
  if (absent.length > 0) throw notInstalled(absent, loaded.get(absent[0] as PackageName) as Missing);
  return <Name extends PackageName>(name: Name) => loaded.get(name) as unknown as PackageTypes[Name];
}

function neededFor(exports: { readonly [signal in OtelSignal]: SignalConfig | undefined }): PackageName[] {
  const names = (Object.keys(NEEDED) as OtelSignal[]).flatMap((signal): PackageName[] => {
    const config = exports[signal];
    if (!config) return [];
    return config.exporter === 'console' ? [...NEEDED[signal]] : [...NEEDED[signal], exporterOf(signal, config)];
  });
  return names.length === 0 ? [] : ['@opentelemetry/resources', ...names];
}

/** The versions that belong together and are tested here. */
const STABLE = '^2.12.0';
const EXPERIMENTAL = '^0.223.0';
const versionOf = (name: PackageName): string => (/exporter|sdk-logs/.test(name) ? EXPERIMENTAL : STABLE);

function notInstalled(absent: readonly PackageName[], { missing: cause }: Missing): ConfigurationError {
  const wanted = absent.map((name) => `${name}@${versionOf(name)}`).join(' ');
  return new ConfigurationError(`Exporting over OTLP needs packages that are not installed. Run: npm install ${wanted}`, cause);
}
