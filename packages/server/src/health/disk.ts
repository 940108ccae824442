import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Config } from '../config.js';
import { type Finding, Findings } from './finding.js';
import { ownWords, wordsFor } from './words.js';

/** Free space where the file of the database is. */
export async function checkDisk(file: string, { minFreeDiskBytes }: Pick<Config, 'minFreeDiskBytes'>): Promise<Finding> {
  const findings = new Findings();
  const folder = dirname(resolve(file));
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    const free = bavail * bsize;
    if (free < minFreeDiskBytes) {
      findings.add('degraded', `The disk of the database has less than ${minFreeDiskBytes} bytes free.`, folder);
    }
    return findings.with({ free_bytes: free, total_bytes: blocks * bsize });
  } catch (error) {
    findings.add('degraded', `The disk of the database cannot be looked at: ${wordsFor(error)}.`, ownWords(error));
    return findings.with({});
  }
}
