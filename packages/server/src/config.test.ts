import { describe, expect, it } from 'vitest';
import { type Config, ConfigError, defaultConfig, envName, flagName, OPTION_NAMES, OPTIONS, resolveConfig } from './config.js';

const refusal = (sources: Parameters<typeof resolveConfig>[0]): string => {
  try {
    resolveConfig(sources);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  return 'accepted';
};

describe('resolveConfig', () => {
  it('gives the defaults when nothing is set', () => {
    expect(resolveConfig()).toEqual(defaultConfig);
    expect(defaultConfig).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      database: './pipelogiq.db',
      leaseMs: 60_000,
      synchronous: 'full',
    });
    expect('bootstrapApiKey' in defaultConfig).toBe(false);
  });

  it('prefers options to flags, flags to variables, variables to defaults', () => {
    const env = { PIPELOGIQ_PORT: '1', PIPELOGIQ_HOST: 'env', PIPELOGIQ_LOG_LEVEL: 'warn' };
    const config = resolveConfig({ options: { port: 3 }, flags: { port: '2', host: 'flag' }, env });
    expect(config).toMatchObject({ port: 3, host: 'flag', logLevel: 'warn', leaseMs: 60_000 });
  });

  it('has a flag and a variable for every option', () => {
    expect([flagName('leaseMs'), envName('leaseMs')]).toEqual(['--lease-ms', 'PIPELOGIQ_LEASE_MS']);
    expect(new Set(OPTION_NAMES.map(envName)).size).toBe(OPTION_NAMES.length);
  });

  it('keeps every default within its own bounds', () => {
    const defaults = Object.fromEntries(Object.entries(defaultConfig).map(([name, value]) => [name, String(value)]));
    expect(resolveConfig({ flags: defaults })).toEqual(defaultConfig);
  });

  it.each([
    ['leaseMs', '30s', 30_000],
    ['leaseMs', '2m', 120_000],
    ['leaseMs', '1.5h', 5_400_000],
    ['leaseMs', '750', 750],
    ['maxValueBytes', '64KiB', 65_536],
    ['maxBodyBytes', '2 MiB', 2_097_152],
    ['port', '0', 0],
    ['retentionDays', '0.25', 0.25],
  ] as const)('reads %s %s as %i', (name, text, value) => {
    const flags = { [name]: text, maxBatchBodyBytes: '4MiB' };
    expect(resolveConfig({ flags })[name satisfies keyof Config]).toBe(value);
  });

  it.each(['', ' ', '-1', '1e3', '0x10', '65536', 'NaN', '80 80', '8080s', '99999999999999999999'])(
    'refuses the port %j',
    (port) => {
      expect(refusal({ flags: { port } })).toMatch(/^--port must be a whole number from 0 to 65535/);
    },
  );

  it('names what was probably meant', () => {
    expect(refusal({ flags: { leaseMS: '5' } })).toContain('did you mean --lease-ms?');
    expect(refusal({ env: { PIPELOGIQ_PROT: '1' } })).toBe('unknown variable PIPELOGIQ_PROT; did you mean PIPELOGIQ_PORT?');
    expect(refusal({ flags: { database: 'mysql://root:secret@db/jobs' } })).toBe(
      "database is a URL that is not PostgreSQL's; give postgres://user:password@host:5432/database, or the path of an SQLite file",
    );
    expect(refusal({ options: { databse: 'x' } as object })).toBe('unknown option databse; did you mean database?');
    expect(refusal({ env: { PIPELOGIQ_LOG_LEVEL: 'inof' } })).toMatch(
      /^PIPELOGIQ_LOG_LEVEL must be one of .*; did you mean info\?$/,
    );
    expect(refusal({ options: { completelyDifferent: 1 } as object })).toBe('unknown option completelyDifferent');
  });

  it('names all problems in one line', () => {
    const message = refusal({ flags: { port: 'x', leaseMs: '1' }, env: { PIPELOGIQ_HOTS: 'h' } });
    expect(message.split('; ').length).toBeGreaterThan(3);
    expect(message).not.toContain('\n');
  });

  it('leaves the variables of the SDK, and those that Kubernetes sets for a Service, alone', () => {
    const env = {
      PIPELOGIQ_URL: 'http://localhost',
      PIPELOGIQ_API_KEY: 'k',
      PIPELOGIQ_DEBUG: '1',
      PIPELOGIQ_PORT: 'tcp://10.0.0.1:8080',
      PIPELOGIQ_SERVICE_HOST: '10.0.0.1',
      PIPELOGIQ_SERVICE_PORT_HTTP: '8080',
      PIPELOGIQ_PORT_8080_TCP_ADDR: '10.0.0.1',
      PATH: '/bin',
    };
    expect(resolveConfig({ env })).toEqual(defaultConfig);
  });

  it('takes a variable that is set but empty as not set', () => {
    expect(resolveConfig({ env: { PIPELOGIQ_PORT: '' } }).port).toBe(8080);
  });

  it('never prints the bootstrap key', () => {
    const message = refusal({ env: { PIPELOGIQ_BOOTSTRAP_API_KEY: 'hunter2-too-short' } });
    expect(message).toBe('PIPELOGIQ_BOOTSTRAP_API_KEY must have 32 or more characters');
    expect(resolveConfig({ env: { PIPELOGIQ_BOOTSTRAP_API_KEY: 'k'.repeat(32) } }).bootstrapApiKey).toHaveLength(32);
  });

  it('lowers the heartbeat interval with a short lease, and refuses one that cannot keep it', () => {
    expect(resolveConfig({ options: { leaseMs: 3_000 } }).heartbeatIntervalMs).toBe(1_000);
    expect(refusal({ options: { leaseMs: 1_000, heartbeatIntervalMs: 501 } })).toContain('at most half of leaseMs');
  });

  it('refuses sizes that contradict each other', () => {
    expect(refusal({ flags: { maxValueBytes: '2MiB' } })).toBe(
      'maxValueBytes (2097152) must not be above maxBodyBytes (1048576)',
    );
  });

  it('is not fooled by names that objects inherit', () => {
    expect(refusal({ flags: { constructor: 'x' } })).toMatch(/^unknown option --constructor/);
    expect(Object.keys(OPTIONS)).not.toContain('toString');
  });
});
