import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AlertRuleSpec } from '@pipelogiq/protocol';
import { createTestControlPlane } from '@pipelogiq/server/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { judge, thresholdsOf } from '../packages/server/src/domain/alert/detect.js';

const page = readFileSync(join(import.meta.dirname, '../docs/guides/alert-cookbook.md'), 'utf8');

const HOUR = 3_600_000;
const secretOf = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const VARIABLES: { readonly [name: string]: string } = { OLD: secretOf(1), NEW: secretOf(2) };

interface Call {
  method: string;
  path: string;
  body?: string;
}

/** What a shell would put in their places. */
const expanded = (text: string, now: number): string =>
  text
    .replace(/'"\$\(date [^)]*\)"'/g, new Date(now + 8 * HOUR).toISOString())
    .replace(/'"\$(\w+)"'/g, (_, name: string) => VARIABLES[name] ?? `no variable ${name}`);

const blocks = [...page.matchAll(/^```bash\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);

const callsIn = (text: string, now: number): Call[] =>
  [...expanded(text, now).matchAll(/^call (\w+) '?(\/[^\s']*)'?(?: '(\{[\s\S]*?\})')?$/gm)].map(
    ([, method = '', path = '', body]) => ({
      method,
      path,
      ...(body !== undefined && { body }),
    }),
  );

describe('docs/guides/alert-cookbook.md', () => {
  // Seen to fail: the third command used a secret that nobody had set.
  it('sets each variable before it uses it', () => {
    const used = [...page.matchAll(/'"\$(\w+)"'/g)];
    expect(new Set(used.map(([, name]) => name))).toEqual(new Set(Object.keys(VARIABLES)));
    for (const { 1: name, index } of used)
      expect(page.slice(0, index)).toMatch(new RegExp(`^${name}="whsec_\\$\\(openssl rand`, 'm'));
  });

  it('has recipes that a server takes as they stand', async () => {
    const controlPlane = await createTestControlPlane({ secretKey: 'a key of thirty-two characters or more' });
    onTestFinished(() => controlPlane.close());
    const { url, apiKey, fetch } = controlPlane.connection();
    const calls = blocks.flatMap((block) => callsIn(block, controlPlane.now()));
    expect(calls).toHaveLength(page.match(/^call \w/gm)?.length ?? 0); // none is written so that it is not tried
    const refused: string[] = [];
    for (const { method, path, body } of calls) {
      if (path.endsWith('/test')) continue; // the providers are not there
      const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
      const response = await fetch(url + path, { method, headers, ...(body !== undefined && { body }) });
      const answer = await response.text();
      if (!response.ok) refused.push(`${method} ${path} ${body}: ${answer}`);
    }
    expect(refused).toEqual([]);
    const answer = await fetch(`${url}/alerts/channels/3`, { headers: { authorization: `Bearer ${apiKey}` } });
    expect(await answer.json()).toMatchObject({ name: 'router', config: { secret: '[redacted]' } });
  });

  // Seen to fail when the recipe said 2: a rule fires at its threshold.
  it.each([
    ['too few workers', 'threshold_crossed', { quiet: 2, fires: 1, goesOn: 1, ends: 2 }],
    ['backlog', 'queue_backlog_high', { quiet: 499, fires: 500, goesOn: 100, ends: 99 }],
    ['orders succeed', 'threshold_crossed', { quiet: 0.96, fires: 0.95, goesOn: 0.97, ends: 0.98 }],
  ])('has a recipe "%s" that fires when it says so', (name, event, { quiet, fires, goesOn, ends }) => {
    const bodies = blocks
      .flatMap((block) => callsIn(block, 0))
      .map(({ body = '{}' }) => JSON.parse(body) as Partial<AlertRuleSpec>);
    const rule = bodies.find((body) => body.name === name);
    expect(rule).toMatchObject({ events: [event], condition: { threshold: expect.any(Number) } });
    const thresholds = thresholdsOf(rule?.condition ?? {}, 0);
    const changeOf = (firing: 0 | 1, value: number) => judge({ firing, crossed_at: 0 }, value, thresholds, HOUR).change;
    expect([changeOf(0, quiet), changeOf(0, fires)]).toEqual([undefined, 'fires']);
    expect([changeOf(1, goesOn), changeOf(1, ends)]).toEqual([undefined, 'ends']);
  });

  it('has a recipe under each heading', () => {
    const sections = page.split(/^## /m).slice(1);
    expect(sections.filter((section) => !/^call \w/m.test(section)).map((section) => section.split('\n')[0])).toEqual([]);
    expect(sections.length).toBeGreaterThan(10);
  });
});
