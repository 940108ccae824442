// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of links are written like this
import fs from 'node:fs';
import type { Integration, Page } from '@pipelogiq/protocol';
import { INTEGRATION_TYPES } from '@pipelogiq/protocol';
import { describe, expect, inject, it, vi } from 'vitest';
import { INTEGRATIONS } from '../../src/integrations/index.js';
import { keyFileOf } from '../../src/secrets/master-key.js';
import { aDatabase } from '../support/stores.js';
import { integrated } from './integrations-support.js';
import { aProvider } from './provider.js';

const CANARY = 'canary-5f0e1d';
const refusal = (path: string, message: unknown = expect.any(String)) => ({
  status: 422,
  problem: { code: 'invalid_request', errors: expect.arrayContaining([expect.objectContaining({ path, message })]) },
});

describe('the config of integrations', () => {
  it('lists every kind with its fields, configured or not', async () => {
    const h = await integrated();
    const { items } = await h.call<Page<Integration>>('GET', '/observability/config');
    expect(items.map(({ type }) => type)).toEqual(INTEGRATION_TYPES);
    for (const { configured, enabled, config, fields, purpose } of items) {
      expect({ configured, enabled, config }).toEqual({ configured: false, enabled: false, config: {} });
      expect(purpose).toMatch(/\.$/);
      expect(fields.length).toBeGreaterThan(0);
    }
  });

  it('is kept over a restart, and works on', async () => {
    const database = await aDatabase();
    const loki = await aProvider(() => ({ status: 204 }));
    const first = await integrated({ database, secretKey: 'k'.repeat(32) });
    await first.configure('loki', { url: loki.url, username: 'u', password: CANARY });
    await first.controlPlane.close();
    const second = await integrated({ database, secretKey: 'k'.repeat(32), seed: 2 });
    expect(await second.test('loki')).toMatchObject({ ok: true });
    expect(loki.taken[0]?.headers.authorization).toBe(`Basic ${Buffer.from(`u:${CANARY}`).toString('base64')}`);
  });

  it('keeps secrets that are left out, removes those that are null, and replaces the rest', async () => {
    const loki = await aProvider(() => ({ status: 204 }));
    const h = await integrated();
    const authorization = async (): Promise<unknown> => {
      await h.test('loki');
      return loki.taken.at(-1)?.headers.authorization;
    };
    await h.configure('loki', { url: loki.url, token: 'first', tenant: 't' });
    const kept = await h.configure('loki', { url: loki.url });
    expect(kept.config).toEqual({ url: loki.url, token: '[redacted]' });
    expect(await authorization()).toBe('Bearer first');
    await h.configure('loki', { url: loki.url, token: '[redacted]' });
    expect(await authorization()).toBe('Bearer first');
    await h.configure('loki', { url: loki.url, token: null });
    expect(await authorization()).toBeUndefined();
  });

  it('sends no secret to where it was not given for', async () => {
    const thief = await aProvider(() => ({ status: 200 }));
    const h = await integrated();
    await h.configure('loki', { url: 'http://127.0.0.1:1', token: CANARY });
    const again = refusal('config.token', expect.stringContaining('must be given again'));
    await expect(h.configure('loki', { url: thief.url })).rejects.toMatchObject(again);
    await expect(h.configure('loki', { url: thief.url, token: '[redacted]' })).rejects.toMatchObject(again);
    await expect(h.test('loki', { url: thief.url })).rejects.toMatchObject(again);
    expect(thief.calls).toBe(0);
    expect(await h.configure('loki', { url: thief.url, token: 'another' })).toMatchObject({ configured: true });
  });

  it.each([
    [
      'grafana',
      { url: 'https://g.example', token: 't', tokn: 'x' },
      'config.tokn',
      'is no field of grafana; did you mean token?',
    ],
    ['grafana', { url: 'https://g.example' }, 'config.token', 'is required'],
    ['grafana', { url: 'https://u:p@g.example', token: 't' }, 'config.url', expect.stringContaining('user name')],
    ['grafana', { url: 'file:///etc/passwd', token: 't' }, 'config.url', expect.stringContaining('http://')],
    ['grafana', { url: 'https://g.example', token: 't', deployMarks: 'yes' }, 'config.deployMarks', 'must be true or false'],
    ['grafana', { url: 'https://g.example', token: 'a\nb' }, 'config.token', 'must not hold control characters'],
    ['sentry', { dsn: 'https://sentry.example/1' }, 'config.dsn', expect.stringContaining('KEY@HOST')],
    ['datadog', { apiKey: 'k', site: 'evil.example/path' }, 'config.site', expect.stringContaining('host name')],
    ['loki', { url: 'https://l.example', labels: 'a b=c' }, 'config.labels', expect.stringContaining('pairs')],
    ['loki', { url: 'https://l.example', password: 'p' }, 'config.username', 'is required with a password'],
    ['opentelemetry', { protocol: 'thrift' }, 'config.protocol', 'must be one of http/protobuf, http, grpc'],
    [
      'opentelemetry',
      { traceLinkTemplate: 'javascript:alert(${traceId})' },
      'config.traceLinkTemplate',
      expect.stringContaining('http'),
    ],
    [
      'opentelemetry',
      { traceLinkTemplate: 'http://x/${tracId}' },
      'config.traceLinkTemplate',
      expect.stringContaining('nobody knows'),
    ],
    ['opentelemetry', { traceLinkTemplate: 'http://x/' }, 'config.traceLinkTemplate', expect.stringContaining('placeholder')],
    ['alerts', { telegramBotToken: 't' }, 'config.telegramChatId', 'is required with telegramBotToken'],
  ] as const)('refuses for %s what cannot work: %j', async (type, config, path, message) => {
    const h = await integrated();
    await expect(h.configure(type, config)).rejects.toMatchObject(refusal(path, message));
    expect(await h.status(type)).toMatchObject({ status: 'not_configured' });
  });

  it('cannot be kept with secrets where the server has no key for them, and without any it can', async () => {
    const database = await aDatabase();
    // Another server would not have the key that this one makes; nor is one taken that others may read.
    if (inject('store') === 'sqlite') fs.writeFileSync(keyFileOf(database), 'k'.repeat(43), { mode: 0o644 });
    const h = await integrated({ database, secretKey: undefined });
    const made = h.configure('grafana', { url: 'https://g.example', token: 't' });
    await expect(made).rejects.toMatchObject({ status: 409, problem: { code: 'state_conflict' } });
    expect(await h.status('grafana')).toMatchObject({ status: 'not_configured' });
    expect(await h.configure('loki', { url: 'https://l.example' })).toMatchObject({ configured: true });
  });

  it.runIf(inject('store') === 'sqlite')('is kept with secrets under a key that a file of SQLite has beside it', async () => {
    const database = await aDatabase();
    const h = await integrated({ database, secretKey: undefined });
    expect(fs.existsSync(keyFileOf(database))).toBe(false);
    const made = await h.configure('grafana', { url: 'https://g.example', token: 't' });
    expect(made).toMatchObject({ configured: true, config: { token: '[redacted]' } });
    expect(fs.statSync(keyFileOf(database)).mode & 0o777).toBe(0o600);
  });

  it('is another application’s own', async () => {
    const h = await integrated();
    await h.configure('grafana', { url: 'https://g.example', token: CANARY });
    await h.call('POST', '/applications', { name: 'other' });
    const { key } = await h.call<{ key: string }>('POST', '/api-keys', { name: 'k', application: 'other', scopes: ['admin'] });
    const authorization = `Bearer ${key}`;
    const { items } = await h.call<Page<Integration>>('GET', '/observability/config', undefined, { authorization });
    expect(items.filter(({ configured }) => configured)).toEqual([]);
    await expect(h.call('POST', '/observability/test', { type: 'grafana' }, { authorization })).rejects.toMatchObject({
      status: 404,
    });
  });

  it('is written into the audit trail by the names of its fields alone', async () => {
    const h = await integrated();
    await h.configure('grafana', { url: 'https://g.example', token: CANARY });
    const { items } = await h.call<Page<{ action: string; details?: object }>>('GET', '/audit-events');
    expect(items.find(({ action }) => action === 'integration.save')).toMatchObject({
      target: { type: 'integration', id: 'grafana' },
      details: { enabled: true, fields: 'url,token' },
    });
  });
});

describe('secrets of integrations', () => {
  it('are in no answer and no log line, whatever goes wrong', async () => {
    // Providers that repeat all that they were sent, as some proxies do.
    // Also a scheme's credentials by themselves, as proxies that have parsed them say them.
    const parrot = await aProvider((sent) => {
      const [, credentials] = String(sent.headers.authorization).split(' ');
      return { status: 401, body: JSON.stringify([credentials, sent.headers, sent.path, sent.text]) };
    });
    const written: string[] = [];
    const write = vi.spyOn(fs, 'writeSync').mockImplementation((_, text) => {
      written.push(String(text));
      return Buffer.byteLength(String(text));
    });
    const secretsOf: Record<string, object> = {
      opentelemetry: { endpoint: parrot.url, headers: `x-key=${CANARY}-1` },
      alerts: {
        telegramBotToken: `1:${CANARY}-2`,
        telegramChatId: '1',
        telegramApiUrl: parrot.url,
        slackWebhookUrl: `${parrot.url}/${CANARY}-3`,
      },
      grafana: { url: parrot.url, token: `${CANARY}-4` },
      sentry: { dsn: parrot.url.replace('://', `://${CANARY}-5@`).concat('/1') },
      datadog: { apiUrl: parrot.url, apiKey: `${CANARY}-6`, stageFailures: true },
      graylog: { url: parrot.url, authorization: `${CANARY}-7` },
      loki: { url: parrot.url, username: 'u', password: `${CANARY}-8` },
    };
    const h = await integrated({ logLevel: 'trace' });
    const answers: string[] = [];
    const say = async (method: string, path: string, body?: object) =>
      answers.push(await (await h.send(method, path, body)).text());
    for (const [type, config] of Object.entries(secretsOf)) {
      await say('POST', '/observability/config', { type, config });
      await say('POST', '/observability/test', { type });
      await say('POST', '/observability/config', { type, config: { ...config, wrong: `${CANARY}` } });
    }
    await h.failing();
    await h.controlPlane.advance(1_000);
    for (const type of ['grafana', 'sentry', 'datadog', 'graylog', 'loki'] as const) await h.shows(type, { status: 'failing' });
    for (const path of ['/observability/config', '/observability/status', '/audit-events']) await say('GET', path);
    write.mockRestore();
    expect(answers.join()).toContain('[redacted]');
    expect(written.join()).toContain('an integration failed and will be tried again');
    // Base64 of Basic authentication is one more way to say it.
    const forms = [CANARY, Buffer.from(`u:${CANARY}-8`).toString('base64')];
    for (const text of [...answers, ...written]) for (const form of forms) expect(text).not.toContain(form);
  });

  it('are those of every field that holds one', () => {
    const named = [...INTEGRATIONS.values()].flatMap(({ type, fields }) =>
      fields.flatMap(({ name, secret }) =>
        /token|key|password|authorization|dsn|webhook/i.test(name) && !secret ? [`${type}.${name}`] : [],
      ),
    );
    expect(named).toEqual([]);
  });
});
