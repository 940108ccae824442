import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const MOST_BYTES = 250_000;

const gzipped = (name: string) => gzipSync(readFileSync(join(dist, name)), { level: 9 }).length;

/** A file with all that it imports at once, not lazily. */
function withImports(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const [, imported] of readFileSync(join(dist, name), 'utf8').matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g))
    withImports(`assets/${imported}`, seen);
  return seen;
}

describe('the build', () => {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  const files = readdirSync(join(dist, 'assets')).map((name) => `assets/${name}`);
  const entry = /<script[^>]+src="\.\/([^"]+)"/.exec(html)?.[1] ?? '';
  const operations = files.filter((name) => /\/operations-[\w-]+\.(js|css)$/.test(name));

  it('loads less than 250 kB, gzipped, before the first page is there', () => {
    expect(operations.some((name) => name.endsWith('.js'))).toBe(true);
    const scripts = [entry, ...operations.filter((name) => name.endsWith('.js'))].flatMap((name) => [...withImports(name)]);
    const styles = files.filter((name) => name.endsWith('.css'));
    const total = [...new Set([...scripts, ...styles])].reduce((sum, name) => sum + gzipped(name), 0);
    expect(total).toBeGreaterThan(50_000); // it was measured at all
    expect(total).toBeLessThan(MOST_BYTES);
  });

  it('names nothing of another origin that a browser would load', () => {
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    for (const name of files.filter((each) => each.endsWith('.css')))
      expect(readFileSync(join(dist, name), 'utf8')).not.toMatch(/url\(\s*["']?https?:/);
  });

  it('has no script or style within the page, which its policy would refuse', () => {
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/);
    expect([...html.matchAll(/<script[^>]*>([^<]*)</g)].map(([, text]) => text?.trim()).join('')).toBe('');
  });

  it('is compressed beforehand where that is worth it', () => {
    const large = files.filter((name) => /\.(js|css)$/.test(name) && statSync(join(dist, name)).size >= 1_024);
    expect(large.filter((name) => !existsSync(join(dist, `${name}.gz`)) || !existsSync(join(dist, `${name}.br`)))).toEqual([]);
  });
});
