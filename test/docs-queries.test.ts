import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ROUTES } from '../packages/protocol/src/index.js';

const docs = join(import.meta.dirname, '../docs');
const read = (path: string) => readFileSync(join(docs, path), 'utf8');
const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md'));

/** A code span that is PromQL: it calls one of its functions, or selects, and names what may be a metric. */
const QUERY =
  /(?:\b(?:rate|increase|histogram_quantile|vector)\(|\b(?:sum|max|min|avg)(?: by| without)? ?\().*(?:_total|_seconds|_bytes|_ratio|_depth|up\{)/;

/** Each PromQL query of a page. A cell of a table escapes its bars. */
function queriesOf(page: string): string[] {
  const blocks = [...page.matchAll(/^```promql\n(.*?)^```/gms)].flatMap(([, block = '']) => block.split('\n'));
  const prose = page.replace(/^```.*?^```/gms, '');
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span.replaceAll('\\|', '|'));
  return [...blocks.map((line) => line.replace(/\s+#.*$/, '')).filter(Boolean), ...spans.filter((span) => QUERY.test(span))];
}

const queries = pages.flatMap((page) => queriesOf(read(page)).map((query) => ({ page, query })));

/** What Prometheus adds to every metric. */
const OF_PROMETHEUS = ['job', 'instance'];
type Labels = Map<string, readonly string[]>;

/** Labels by the name of a series, from the tables of both pages of reference. */
function series(): Labels {
  const known: Labels = new Map([['up', OF_PROMETHEUS]]);
  const add = (name: string, isHistogram: boolean, labels: string[]) => {
    const all = [...labels, ...OF_PROMETHEUS];
    if (!isHistogram) known.set(name, all);
    else
      for (const [end, more] of Object.entries({ bucket: ['le'], sum: [], count: [] }))
        known.set(`${name}_${end}`, [...all, ...more]);
  };
  for (const [, name = '', type, labels = ''] of read('reference/metrics.md').matchAll(
    /^\| `(\w+)` \| (counter|gauge|histogram) \| ([\w, ]*)\|/gm,
  ))
    add(name, type === 'histogram', labels.match(/\w+/g) ?? []);
  const ofWorkers = read('guides/worker-observability.md').split('| metric | labels | meaning |')[1]?.split('\n\n')[0] ?? '';
  for (const [, names = '', labels = '', meaning = ''] of ofWorkers.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| ([^|]*) \| (.*) \|$/gm))
    for (const name of names.match(/\w+/g) ?? []) add(name, meaning.startsWith('histogram'), labels.match(/\w+/g) ?? []);
  return known;
}

const NO_METRIC = new Set(['and', 'or', 'unless', 'bool', 'offset', 'by', 'without']);

/** What a query reads: series and the labels that it asks each for. */
function readsOf(query: string): { name: string; labels: string[] }[] {
  const bare = query.replace(/"[^"]*"/g, '""').replace(/\[\d+[smhd]\]/g, '');
  const grouped = [...bare.matchAll(/\b(?:by|without) ?\(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.match(/\w+/g) ?? []);
  const selectors = bare.replace(/\b(?:by|without) ?\([^)]*\)/g, ' ').matchAll(/\b([a-z_]\w*)\b(?!\s*\()(?:\{([^}]*)\})?/g);
  return [...selectors].flatMap(([, name = '', matchers = '']) => {
    if (NO_METRIC.has(name)) return [];
    return [{ name, labels: [...(matchers.match(/\w+(?=[=!])/g) ?? []), ...grouped] }];
  });
}

describe('queries in the docs', () => {
  const known = series();

  it('are found, those of the table of what to watch among them', () => {
    const table =
      read('operations.md').split('| figure | good | alarm | query |')[1]?.split('\n\n')[0]?.split('\n').slice(2) ?? [];
    expect(table.length).toBeGreaterThan(10);
    for (const row of table) expect(queriesOf(row), row).toHaveLength(1);
    expect(new Set(queries.map(({ page }) => page)).size).toBeGreaterThan(2);
  });

  // Seen to fail with a name, a matcher and a grouping label that no metric has.
  it.each(queries)('$page: $query reads what there is', ({ query }) => {
    const reads = readsOf(query);
    expect(reads.length).toBeGreaterThan(0);
    for (const { name, labels } of reads) {
      expect([...known.keys()]).toContain(name);
      expect(known.get(name)).toEqual(expect.arrayContaining(labels));
    }
  });

  it('leave out routes that there are', () => {
    const excluded = queries.flatMap(({ query }) =>
      [...query.matchAll(/route[!=]~"([^"]*)"/g)].flatMap(([, one = '']) => one.split('|')),
    );
    expect(excluded.length).toBeGreaterThan(0);
    for (const pattern of excluded)
      expect(
        Object.values(ROUTES).filter((route) => new RegExp(`^(?:${pattern})$`).test(route)),
        pattern,
      ).not.toEqual([]);
  });

  const promtool = spawnSync('promtool', ['--version']).status === 0;

  const checked = (all: string[]) => {
    const folder = mkdtempSync(join(tmpdir(), 'pipelogiq-rules-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const rules = all.map((expr, at) => ({ record: `query:${at}`, expr }));
    const file = join(folder, 'rules.yml'); // JSON is YAML
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'docs', rules }] }));
    return spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
  };

  it.runIf(promtool)('are understood by Prometheus, which would refuse others', () => {
    const all = [...new Set(queries.map(({ query }) => query))];
    const { status, stderr } = checked(all);
    expect([status, stderr]).toEqual([0, '']);
    expect(checked(['sum(rate(jobs_total[5m])']).status).not.toBe(0);
  });
});
