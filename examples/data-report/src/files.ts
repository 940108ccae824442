import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { Film } from './films.js';

/** The folder of one pipeline's files. The same for every attempt, so that a retried stage overwrites its own files. */
export const folderOf = (outputDir: string, pipelineId: string) => join(outputDir, `pipeline-${pipelineId}`);

/** Writes beside and renames: another stage never sees half a file, also when two deliveries of one stage overlap. */
export async function writeWhole(path: string, text: string): Promise<number> {
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}.${process.hrtime.bigint()}.part`;
  await writeFile(part, text);
  await rename(part, path);
  return Buffer.byteLength(text);
}

/** The films that `validate` wrote. */
export async function readFilms(path: string): Promise<Film[]> {
  return z.array(Film).parse(JSON.parse(await readFile(path, 'utf8')));
}
