import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

const DAY_MS = 86_400_000;
const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

export interface DailyFileOptions {
  /** `logs/server.json` is written as `logs/server-2026-01-31.json`, by the day in UTC. */
  path: string;
  keepDays: number;
  now(): number;
  /** Told when the disk refuses a line, once until it works again. */
  onError(error: unknown): void;
}

/**
 * Lines in a file for each day, readable by its owner and group only. Older files of the same name go when a new day begins. A line
 * is in the file when `write` returns; one that the disk refuses is lost: logging must not end a server.
 */
export class DailyFile {
  readonly #options: DailyFileOptions;
  #open: { day: string; file: number } | undefined;
  #failing = false;

  constructor(options: DailyFileOptions) {
    this.#options = options;
  }

  write(line: string): void {
    try {
      writeSync(this.#fileOf(dayOf(this.#options.now())), line);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#options.onError(error);
      this.#failing = true;
      this.close();
    }
  }

  /** Deletes what is old; a new day does so too. */
  prune(): void {
    try {
      this.#deleteOld();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#options.onError(error); // nothing was written yet
    }
  }

  close(): void {
    if (this.#open) closeSync(this.#open.file);
    this.#open = undefined;
  }

  /** A clock that is set back goes on with the newer file. */
  #fileOf(day: string): number {
    if (this.#open && day <= this.#open.day) return this.#open.file;
    this.close();
    const { path } = this.#options;
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    const extension = extname(path);
    const stem = basename(path, extension);
    const file = openSync(join(dirname(path), `${stem}-${day}${extension}`), 'a', 0o640);
    this.#open = { day, file };
    this.#deleteOld();
    return file;
  }

  #deleteOld(): void {
    const { path, keepDays, now } = this.#options;
    const extension = extname(path);
    const stem = basename(path, extension);
    const oldest = dayOf(now() - keepDays * DAY_MS);
    for (const name of readdirSync(dirname(path))) {
      if (!name.startsWith(`${stem}-`) || !name.endsWith(extension)) continue;
      const day = name.slice(stem.length + 1, name.length - extension.length);
      if (/^\d{4}-\d{2}-\d{2}$/.test(day) && day < oldest) rmSync(join(dirname(path), name), { force: true });
    }
  }
}
