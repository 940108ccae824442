import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { aClone, buildClone } from './clone.js';
import { type Ended, type Processes, processesOf, runs, Script, start } from './script.js';

beforeAll(buildClone);

const RUNNING = /^ {2}\[\d+\.\d\d s\] /m;
/** Less than the demo gives a worker that does not end by itself, with room for a slow machine. */
const AT_ONCE_MS = 10_000;
const SERVING = /^Serving on .+ \(Ctrl-C stops\)$/m;

interface Demo extends Processes {
  clone: string;
  demo: Script;
}

/** Has the example wait for a minute before its second try, so that no test comes too late to interrupt it. */
function slowDown(clone: string): void {
  const contracts = join(clone, 'examples/data-report/dist/contracts.js');
  const built = readFileSync(contracts, 'utf8');
  expect(built).toContain('delayMs: 500');
  writeFileSync(contracts, built.replace('delayMs: 500', 'delayMs: 60_000'));
}

/** A demo that has come so far. */
async function demoAt(point: RegExp, begin: (clone: string) => Script = (clone) => start([], { cwd: clone })): Promise<Demo> {
  const clone = aClone();
  if (point === RUNNING) slowDown(clone);
  const demo = begin(clone);
  await demo.said(point);
  return { clone, demo, ...(await processesOf(clone)) };
}

/** Whether the server, which removes this file at its end, was given the time for it. */
const endedInOrder = (clone: string) => !existsSync(join(clone, '.pipelogiq/dev.db.admin.json'));

/** Without what its client warns of when it notices first that nobody answers. */
const ownWords = (ended: Ended): Ended => ({
  ...ended,
  stderr: ended.stderr.replace(/^\(node:\d+\) \[PIPELOGIQ_WAITING\].*\n(?:\(Use `node --trace-warnings.*\n)?/gm, ''),
});

const npm = (clone: string, config = {}): Script => {
  const env = { npm_config_update_notifier: 'false', ...config };
  return new Script(['npm', 'start', '--', '--port', '0'], { cwd: clone, env });
};

describe('a demo that serves', () => {
  it.each([
    ['Ctrl-C', (demo: Script) => demo.pressCtrlC()],
    ['SIGTERM', (demo: Script) => demo.signal('SIGTERM')],
  ])('ends with 0 at %s, after its worker and its server', async (_, interrupt) => {
    const { clone, demo, server, worker } = await demoAt(SERVING);
    const url = /Serving on (\S+)\//.exec(demo.stdout)?.[1];
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    interrupt(demo);
    expect(await demo.ended).toMatchObject({ code: 0, stderr: '' });
    expect([runs(server), runs(worker), endedInOrder(clone)]).toEqual([false, false, true]);
  });
});

describe('a demo whose pipeline runs', () => {
  it.each([
    ['Ctrl-C', 130, (demo: Script) => demo.pressCtrlC()],
    ['SIGTERM', 143, (demo: Script) => demo.signal('SIGTERM')],
    ['the end of its reader', 141, (demo: Script) => void demo.process.stdout?.destroy()],
  ])('ends at %s with %i, after its worker and its server', async (_, code, interrupt) => {
    const { clone, demo, server, worker } = await demoAt(RUNNING);
    interrupt(demo);
    expect(await demo.ended).toMatchObject({ code, stderr: '' });
    expect([runs(server), runs(worker), endedInOrder(clone)]).toEqual([false, false, true]);
  });

  it('waits no longer when it is asked again', async () => {
    const { demo, server, worker } = await demoAt(RUNNING);
    process.kill(worker, 'SIGSTOP'); // it would be waited for
    const askedAt = performance.now();
    demo.signal('SIGINT');
    const ended = demo.ended.then(({ code }) => code);
    const askAgain = setInterval(() => demo.signal('SIGINT'), 100); // twice within half a second is once
    expect(await ended.finally(() => clearInterval(askAgain))).toBe(130);
    expect(performance.now() - askedAt).toBeLessThan(AT_ONCE_MS);
    await expect.poll(() => runs(server) || runs(worker)).toBe(false);
  });
});

describe('npm start', () => {
  it('ends with all that it has started when npm is ended', async () => {
    const { clone, demo, server, worker } = await demoAt(RUNNING, npm);
    demo.signal('SIGTERM');
    await demo.ended;
    expect([runs(server), runs(worker), endedInOrder(clone)]).toEqual([false, false, true]);
  });

  // Such a shell makes way for its command, which then gets the signal of Ctrl-C from the terminal and from npm.
  it.skipIf(!existsSync('/bin/bash'))('takes one Ctrl-C for one, whatever the shell', async () => {
    const { clone, demo, server, worker } = await demoAt(RUNNING, (clone) =>
      npm(clone, { npm_config_script_shell: '/bin/bash' }),
    );
    demo.pressCtrlC();
    expect(await demo.ended).toMatchObject({ code: 130 });
    expect([runs(server), runs(worker), endedInOrder(clone)]).toEqual([false, false, true]);
  });

  it('leaves no installation behind', async () => {
    const clone = aClone();
    rmSync(join(clone, 'node_modules/.pipelogiq/install.stamp'));
    rmSync(join(clone, 'node_modules/.package-lock.json'));
    const bin = join(clone, 'bin');
    mkdirSync(bin);
    writeFileSync(
      join(bin, 'npm'),
      `#!/bin/sh\necho $$ > ${bin}/pid.new && mv ${bin}/pid.new ${bin}/pid\nexec tail -f /dev/null\n`,
    );
    chmodSync(join(bin, 'npm'), 0o755);
    const demo = start([], { cwd: clone, env: { PATH: `${bin}:${process.env.PATH}` } });
    await expect.poll(() => existsSync(join(bin, 'pid'))).toBe(true);
    const pid = Number(readFileSync(join(bin, 'pid'), 'utf8'));
    expect(runs(pid)).toBe(true);
    demo.signal('SIGTERM');
    expect(await demo.ended).toMatchObject({
      code: 143,
      stdout: '',
      stderr: expect.stringMatching(/\nInterrupted \(SIGTERM\)\.\n$/),
    });
    expect([runs(pid), existsSync(join(clone, '.pipelogiq/prepare.lock'))]).toEqual([false, false]);
  });
});

describe('a demo that loses', () => {
  it.each([
    ['its server while it serves', SERVING, 'server'],
    ['its server while the pipeline runs', RUNNING, 'server'],
    ['its worker while it serves', SERVING, 'worker'],
  ] as const)('%s says so in one line, and ends all', async (_, point, lost) => {
    const { demo, server, worker } = await demoAt(point);
    const lostAt = performance.now();
    process.kill({ server, worker }[lost], 'SIGKILL');
    expect(ownWords(await demo.ended)).toMatchObject({ code: 1, stderr: `The ${lost} ended early (SIGKILL).\n` });
    expect(performance.now() - lostAt).toBeLessThan(AT_ONCE_MS);
    expect([runs(server), runs(worker)]).toEqual([false, false]);
  });

  it('its own life takes its server and its worker with it', async () => {
    const { demo, server, worker } = await demoAt(RUNNING);
    demo.signal('SIGKILL');
    await demo.ended;
    await expect.poll(() => runs(server) || runs(worker)).toBe(false);
  });
});
