import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { systemClock } from '../clock.js';

/** Writes JSON that only the owner can read. A rename puts it in place, so that no reader finds half of it and no older, laxer mode stays. */
export function writeSecretFile(path: string, content: object): void {
  const fresh = `${path}.${systemClock().randomHex(8)}`;
  try {
    writeFileSync(fresh, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** The JSON of a file that is ours alone; undefined when there is none, or when others could have written or read it. */
export function readSecretFile(path: string): Record<string, unknown> | undefined {
  try {
    const stat = lstatSync(path);
    const ours = process.getuid === undefined || (stat.uid === process.getuid() && (stat.mode & 0o077) === 0);
    if (!stat.isFile() || !ours) return undefined;
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof content === 'object' && content !== null ? { ...content } : undefined;
  } catch {
    return undefined; // absent, unreadable or not JSON: the same as none
  }
}
