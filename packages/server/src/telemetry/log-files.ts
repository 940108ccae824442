import { basename, dirname, extname, join } from 'node:path';
import { DailyFile, type DailyFileOptions } from './daily-file.js';
import { type Category, isCategory } from './logging.js';

export interface LogFilesOptions extends Pick<DailyFileOptions, 'now' | 'onError'> {
  /** `logs/server.json`: lines about jobs go to `logs/server-job-2026-01-31.json`, and so on. */
  path: string;
  keepDays: { readonly [category in Category]: number };
}

/** The log in files, apart by category: a day of a file is deleted as a whole, and each category is worth keeping for another time. */
export class LogFiles {
  readonly #files: { readonly [category in Category]: DailyFile };

  constructor({ path, keepDays, now, onError }: LogFilesOptions) {
    const extension = extname(path);
    const stem = join(dirname(path), basename(path, extension));
    const open = (category: Category) =>
      new DailyFile({ path: `${stem}-${category}${extension}`, keepDays: keepDays[category], now, onError });
    this.#files = {
      job: open('job'),
      scheduler: open('scheduler'),
      runner: open('runner'),
      security: open('security'),
      errors: open('errors'),
      debug: open('debug'),
    };
  }

  write(line: string, category: string): void {
    this.#files[isCategory(category) ? category : 'scheduler'].write(line);
  }

  /** Deletes what is old, of categories too that nothing was written of since. */
  prune(): void {
    for (const file of Object.values(this.#files)) file.prune();
  }

  /** A line that comes later opens its file again. */
  close(): void {
    for (const file of Object.values(this.#files)) file.close();
  }
}
