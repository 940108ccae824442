import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { metricsOf } from '../engine/metrics-support.js';
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

// Seen to fail with another label in the reference than the series have.
it('has the labels of every series that a small server comes to', async () => {
  const labelsOf = new Map(
    [...page.matchAll(/^\| `(\w+)` \| \w+ \| ([\w, ]*)\|/gm)].map(([, name = '', labels = '']) => [
      name,
      labels.match(/\w+/g) ?? [],
    ]),
  );
  const h = await harness({ metricsMaxAgeMs: 0 });
  const worker = await h.worker(['a']);
  await h.create({
    stages: [
      { name: 'a', handler: 'a' },
      { name: 'b', handler: 'b', dependsOn: [] },
    ],
  });
  const job = await worker.one();
  await h.controlPlane.advance(100);
  await worker.ack(job);
  await worker.ack({ ...job, fencingToken: 99 });
  await h.create({ stages: [{ name: 'a', handler: 'a' }] });
  await worker.ack(await worker.one());
  await h.send('GET', '/pipelines', undefined, { authorization: 'Bearer wrong' });
  await h.send('POST', '/hooks/none', {});
  const { lines } = await metricsOf(h);
  const ours = lines.filter(({ name }) => !/^(process|nodejs)_/.test(name));
  const seen = new Set<string>();
  for (const { name, labels } of ours) {
    const family = labelsOf.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
    seen.add(family);
    const { le: _, ...own } = labels;
    expect(Object.keys(own).sort(), name).toEqual([...(labelsOf.get(family) ?? ['not in the reference'])].sort());
  }
  expect(seen.size).toBeGreaterThan(35);
});
