import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import type { ComponentHealth, HealthReport } from '../../src/http/index.js';
import type { Harness } from '../engine/support.js';

type Body = HealthReport & { components: { [name: string]: ComponentHealth } };

/** What a stranger is told, or with `key` whoever may read. */
export async function healthOf(
  { controlPlane }: Pick<Harness, 'controlPlane'>,
  key?: string,
): Promise<{ status: number; body: Body }> {
  const { fetch, url } = controlPlane.connection();
  const response = await fetch(`${url}/health`, { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } });
  return { status: response.status, body: (await response.json()) as Body };
}

export async function readinessOf({
  controlPlane,
}: Pick<Harness, 'controlPlane'>): Promise<{ status: number; reasons: string[] }> {
  const { fetch, url } = controlPlane.connection();
  const response = await fetch(`${url}/health/ready`);
  return { status: response.status, reasons: ((await response.json()) as { reasons: string[] }).reasons };
}

/** A disk of so many MiB in memory. Skips the test where none may be mounted. */
export function aSmallDisk(context: TestContext, mebibytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipelogiq-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    rmSync(folder, { recursive: true });
    context.skip(`a disk cannot be mounted here: ${(error as Error).message.trim()}`);
  }
  onTestFinished(() => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

/**
 * Makes writes to files fail that are open already, as a disk does that the system has set to read-only; `undo` takes it back.
 * Skips the test where the file system cannot.
 */
export function freeze(context: TestContext, paths: readonly string[]): () => void {
  const set = (mark: string) => execFileSync('chattr', [mark, ...paths], { stdio: 'pipe' });
  const undo = () => void set('-i');
  try {
    set('+i');
  } catch (error) {
    context.skip(`files cannot be frozen here: ${(error as Error).message.trim()}`);
  }
  onTestFinished(undo);
  return undo;
}
