import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { aClone, buildClone } from './clone.js';
import { start } from './script.js';

beforeAll(buildClone);

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

/** Permissions do not bind root, so root tests as somebody else, if that one may run Node. */
const canBeDenied = !isRoot || spawnSync(process.execPath, ['-e', ''], { uid: NOBODY, gid: NOBODY }).status === 0;
const asDenied = isRoot ? { uid: NOBODY } : {};

/** What a mistake looks like: one line on standard error, which begins with these words, and nothing else. */
const oneLine = (beginning: string) => ({
  code: 1,
  signal: null,
  stdout: '',
  stderr: expect.toSatisfy((text: string) => text.startsWith(beginning) && text.indexOf('\n') === text.length - 1),
});

describe('npm start says in one line', () => {
  it('that its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const ended = await start(['--port', String(port)], { cwd: aClone() }).ended;
    expect(ended).toEqual(oneLine(`port ${port} on 127.0.0.1 is taken; choose another with --port`));
  });

  it('that a file is where its folder should be', async () => {
    const clone = aClone();
    writeFileSync(join(clone, '.pipelogiq'), '');
    const ended = await start([], { cwd: clone }).ended;
    expect(ended).toEqual(oneLine(`Cannot write ${join(clone, '.pipelogiq')}: a file is where a folder should be.`));
  });

  it.skipIf(!canBeDenied)('that it may not write to its folder', async () => {
    const clone = aClone();
    chmodSync(clone, 0o555);
    onTestFinished(() => chmodSync(clone, 0o755)); // or its owner could not remove it
    const ended = await start([], { cwd: clone, ...asDenied }).ended;
    expect(ended).toEqual(oneLine(`Cannot write ${join(clone, '.pipelogiq')}: no permission.`));
  });

  it('that the folder of its database is a file', async () => {
    const ended = await start(['--database', 'package.json/dev.db'], { cwd: aClone() }).ended;
    expect(ended).toEqual(oneLine('cannot use the database package.json/dev.db: its folder does not exist or cannot be written'));
  });

  it('that there is no such option', async () => {
    const ended = await start(['--databse', 'x.db'], { cwd: aClone() }).ended;
    expect(ended).toEqual(oneLine("unknown option '--databse' (Did you mean --database?)"));
  });
});
