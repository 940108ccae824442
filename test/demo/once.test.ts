import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { aClone, buildClone } from './clone.js';
import { start } from './script.js';

beforeAll(buildClone);

const PRICES = 'examples/data-report/data/us-consumer-prices.csv';

describe('npm start -- --once', () => {
  it('ends with 0 when the report is written, and has shown how it came about', async () => {
    const clone = aClone();
    const { code, stdout, stderr } = await start(['--once'], { cwd: clone }).ended;
    expect([code, stderr]).toEqual([0, '']);

    expect(stdout).toMatch(/^ {2}\[\d+\.\d\d s\] ~ prices +scheduled \(attempt 1, tries again soon\)$/m);
    expect(stdout).toMatch(/^ {2}\[\d+\.\d\d s\] \+ report +completed$/m);
    expect(stdout).toMatch(/^data-report completed in \d/m);

    const [, path = ''] = /^Report: (.+)$/m.exec(stdout) ?? [];
    expect(path).toMatch(new RegExp(`^${join(clone, '.pipelogiq')}/`));
    expect(readFileSync(path, 'utf8')).toContain('</html>');

    const bars = [...stdout.matchAll(/^ {2}(\S+)(?: #\d)? +\|[ .=x]+\| waited .+, ran .+$/gm)].map(([, stage]) => stage);
    expect(bars.sort()).toEqual(['box-office', 'charts', 'fetch', 'genres', 'prices', 'prices', 'ratings', 'report', 'validate']);
    expect(stdout).toMatch(/^Created to first lease {2}.+ms$/m);
    expect(stdout).toMatch(/^Queue wait +p50 .+, max .+ \(9 deliveries\)$/m);
    expect(stdout).not.toContain('Serving');
  });

  it('ends with 1 when the pipeline has failed, and says at which stage and why', async () => {
    const clone = aClone();
    const prices = readFileSync(join(clone, PRICES), 'utf8');
    writeFileSync(join(clone, PRICES), prices.replace(/^1950,.*\n/m, ''));
    const { code, stdout, stderr } = await start(['--once'], { cwd: clone }).ended;
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/^data-report failed in \d/m);
    expect(stdout).toMatch(/^prices failed: non_retryable the price index lacks 1950$/m);
    expect(stdout).not.toContain('Report:');
  });
});
