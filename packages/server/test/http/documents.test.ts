import { createHash } from 'node:crypto';
import { ROUTES } from '@pipelogiq/protocol';
import { beforeAll, describe, expect, test } from 'vitest';
import { PROBLEMS } from '../../src/http/problems.js';
import { allRoutes } from '../../src/http/routes/index.js';
import { pullRequest } from '../../src/http/schemas/jobs.js';
import { createPipeline } from '../../src/http/schemas/pipelines.js';
import { anApi } from './harness.js';

interface Operation {
  operationId: string;
  'x-pipelogiq-access': string;
  security: { [scheme: string]: string[] }[];
  responses: { [status: string]: { description: string; content?: { [type: string]: { schema: object } } } };
  requestBody?: { content: { 'application/json': { schema: { $ref: string } } } };
  parameters?: { name: string; in: string; required?: boolean }[];
}
interface Document {
  openapi: string;
  paths: { [path: string]: { [method: string]: Operation } };
  components: {
    schemas: { [name: string]: { required?: string[]; properties?: object; additionalProperties?: unknown; example?: unknown } };
  };
}

const get = (path: string, accept = '*/*') => anApi().call('GET', path, { key: null, headers: { accept } });

describe('/openapi.json', () => {
  let document: Document;
  beforeAll(async () => {
    document = (await (await get('/openapi.json')).json()) as Document;
  });
  function operationAt(path: string, method: string): Operation {
    const operation = document.paths[path]?.[method];
    if (!operation) throw new Error(`${method} ${path} is not described`);
    return operation;
  }
  const operations = () => Object.values(document.paths).flatMap((item) => Object.values(item));

  test('is OpenAPI 3.1 and names every declared route with its access', () => {
    expect(document.openapi).toBe('3.1.0');
    for (const { method, path, access, operationId } of allRoutes(anApi().deps)) {
      const operation = document.paths[path]?.[method.toLowerCase()];
      expect(operation, `${method} ${path}`).toMatchObject({ operationId, 'x-pipelogiq-access': access });
      const scopes = access === 'caller' ? [] : [expect.any(String)];
      const any = [{ bearer: scopes }, { apiKey: scopes }, { session: scopes }];
      expect(operation?.security).toEqual(access === 'open' ? [] : access === 'user' ? [{ session: [] }] : any);
    }
    for (const path of Object.values(ROUTES)) expect(document.paths).toHaveProperty([path]);
  });

  test('gives every operation a name of its own', () => {
    const ids = operations().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('describes refusals as problems with their codes', () => {
    const { responses } = operationAt(ROUTES.pipelines, 'post');
    expect(Object.keys(responses).sort()).toEqual(['200', '201', '400', '401', '403', '409', '413', '415', '422', '500', '503']);
    expect(responses['422']?.description).toContain('idempotency_mismatch');
    expect(responses['422']?.content).toHaveProperty(['application/problem+json']);
    for (const operation of operations().filter(({ security }) => security.length > 0)) {
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401', '403', '500']));
    }
  });

  test('asks for the session header and the worker of worker routes', () => {
    const { parameters = [] } = operationAt(ROUTES.jobPayload, 'get');
    expect(parameters.map(({ name, in: place, required }) => `${place} ${name} ${required}`).sort()).toEqual([
      'header x-worker-session true',
      'path id true',
      'query cursor false',
      'query fencingToken true',
      'query workerId true',
    ]);
  });

  test('is made of the schemas that check: same fields, required ones and strictness', () => {
    for (const [name, schema] of [
      ['CreatePipeline', createPipeline],
      ['PullRequest', pullRequest],
    ] as const) {
      const described = document.components.schemas[name];
      expect(Object.keys(described?.properties ?? {})).toEqual(Object.keys(schema.shape));
      expect(described?.additionalProperties).toBe(false);
      expect(schema.safeParse(described?.example).success).toBe(true);
    }
    expect(document.components.schemas.CreatePipeline?.required).toEqual(['name', 'stages']);
    expect(document.paths[ROUTES.pipelinesBatch]?.post?.requestBody?.content['application/json'].schema.$ref).toContain(
      'CreatePipelineBatch',
    );
  });

  test('has an example of every body that its own schema accepts', () => {
    for (const { body, path, method } of allRoutes(anApi().deps)) {
      if (!body || body.mayBeEmpty || body.asText) continue;
      const schema = body.documented ?? body.schema;
      const name =
        document.paths[path]?.[method.toLowerCase()]?.requestBody?.content['application/json'].schema.$ref.split('/').at(-1) ??
        '';
      const example = document.components.schemas[name]?.example;
      if (name === 'CreatePipelineBatch') continue; // its items have one
      expect(example, name).toBeDefined();
      expect(schema.safeParse(example).success, name).toBe(true);
    }
  });

  test('refers to nothing that it does not hold', () => {
    const names = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name as string);
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) expect(document.components.schemas).toHaveProperty([name]);
  });
});

describe('pages', () => {
  test('the index is HTML for browsers and JSON for the rest', async () => {
    const html = await get('/', 'text/html,application/xhtml+xml,*/*;q=0.8');
    expect(html.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await html.text()).toContain('href="/docs"');
    const json = await get('/');
    expect(await json.json()).toMatchObject({ name: 'pipelogiq', version: '0.1.0', links: { openapi: '/openapi.json' } });
    expect([html.headers.get('vary'), json.headers.get('vary')]).toEqual(['accept', 'accept']);
  });

  test.each(['/docs', '/docs/errors', '/'])('%s loads nothing, runs nothing and may be framed by nobody', async (path) => {
    const response = await get(path, 'text/html');
    const text = await response.text();
    const policy = response.headers.get('content-security-policy') ?? '';
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(text) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(policy).toContain(`default-src 'none'; style-src 'sha256-${hash}'`);
    expect(policy).toContain("frame-ancestors 'none'");
    // Examples of values may be URLs; as text they load nothing.
    expect(text).not.toMatch(
      /<script|<link|<img|<iframe|style="|\son\w+=|\ssrc=|(href|action|poster|data)="(https?:)?\/\/|url\(|@import/i,
    );
  });

  test('/docs shows every operation and schema', async () => {
    const text = await (await get('/docs')).text();
    for (const { operationId } of allRoutes(anApi().deps)) expect(text).toContain(`id="${operationId}"`);
    expect(text).toContain('id="schema-CreatePipeline"');
  });

  test('/docs/errors says of every code what to do', async () => {
    const text = await (await get('/docs/errors')).text();
    for (const [code, { status }] of Object.entries(PROBLEMS))
      expect(text).toContain(`<tr id="${code}"><th><code>${code}</code></th><td>${status}`);
  });
});
