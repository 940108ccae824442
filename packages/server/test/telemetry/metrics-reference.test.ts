import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { harness } from '../engine/support.js';

const page = readFileSync(new URL('../../../../docs/reference/metrics.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| `(\w+)` \| (counter|gauge|histogram) \|/gm)].map(([, name, type]) => `${name} ${type}`);

it('has every metric of the server and its type in the reference, and no other', async () => {
  const h = await harness();
  const text = await (await h.send('GET', '/metrics')).text();
  const families = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  const ours = families.filter((family) => !/^(process|nodejs)_/.test(family));
  expect(rows.sort()).toEqual(ours.sort());
  expect(ours.length).toBeGreaterThan(40);
});
