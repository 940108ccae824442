import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

const DAY_MS = 86_400_000;

/** `logs/worker.json` → `logs/worker-2026-01-31.json`, by the day in UTC. */
const dated = (path: string, day: string): string => {
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}-${day}${extension}`);
};

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/**
 * A log file for each day, readable by its owner and group. Files of this name that are older than `keepDays` are deleted when a
 * new day begins. A line is in the file when `write` returns. When the disk refuses, lines are lost and `onError` hears of it, once
 * until it works again: logging must not end a worker.
 */
export class DailyFile {
  readonly #path: string;
  readonly #keepDays: number;
  readonly #onError: (error: unknown) => void;
  #day = '';
  #file: number | undefined;
  #failing = false;

  constructor(path: string, keepDays: number, onError: (error: unknown) => void) {
    this.#path = path;
    this.#keepDays = keepDays;
    this.#onError = onError;
  }

  write(line: string, time: number): void {
    try {
      const day = dayOf(time);
      if (this.#file === undefined || day > this.#day) this.#open(day, time);
      if (this.#file !== undefined) writeSync(this.#file, line);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#onError(error);
      this.#failing = true;
      this.close();
    }
  }

  close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) closeSync(file);
  }

  #open(day: string, time: number): void {
    this.close();
    mkdirSync(dirname(this.#path), { recursive: true });
    this.#file = openSync(dated(this.#path, day), 'a', 0o640);
    this.#day = day;
    this.#deleteOlder(dayOf(time - this.#keepDays * DAY_MS));
  }

  #deleteOlder(oldestKept: string): void {
    const extension = extname(this.#path);
    const prefix = `${basename(this.#path, extension)}-`;
    for (const name of readdirSync(dirname(this.#path))) {
      const day = name.slice(prefix.length, name.length - extension.length);
      const isOurs = name.startsWith(prefix) && name.endsWith(extension) && /^\d{4}-\d{2}-\d{2}$/.test(day);
      if (isOurs && day < oldestKept) rmSync(join(dirname(this.#path), name), { force: true });
    }
  }
}
