import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NonRetryableError } from '@pipelogiq/sdk';
import { type Finding, validateFilms } from '../contracts.js';
import { folderOf, writeWhole } from '../files.js';
import { type Film, RawFilm } from '../films.js';
import { accentsMended, articleFirst, inItsCentury } from '../repairs.js';

const EXAMPLES = 4;
const MOST_REJECTED = 0.1;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Findings counted by what they are, with the first few examples. */
class Findings {
  readonly #byName = new Map<string, Finding>();
  add(what: string, example: string): void {
    const finding = this.#byName.get(what) ?? { what, count: 0, examples: [] };
    finding.count += 1;
    if (finding.examples.length < EXAMPLES) finding.examples.push(example);
    this.#byName.set(what, finding);
  }
  list(): Finding[] {
    return [...this.#byName.values()].sort((a, b) => b.count - a.count);
  }
}

export interface Checked {
  films: Film[];
  rejected: Finding[];
  repaired: Finding[];
  gaps: Finding[];
}

/** Checks rows against the schema, repairs what has a known cure, drops the rest. Pure; `onRow` hears of every row. */
export function checkFilms(rows: readonly unknown[], onRow?: (done: number) => void): Checked {
  const films: Film[] = [];
  const seen = new Set<string>();
  const rejected = new Findings();
  const repaired = new Findings();
  const gaps = new Findings();

  rows.forEach((row, index) => {
    onRow?.(index + 1);
    const parsed = RawFilm.safeParse(row);
    if (!parsed.success) {
      rejected.add(parsed.error.issues[0]?.message ?? 'not a film', nameOf(row, index));
      return;
    }
    const film = clean(parsed.data, repaired);
    const key = `${film.title}|${film.released}`;
    if (seen.has(key)) {
      rejected.add('listed twice', film.title);
      return;
    }
    seen.add(key);
    films.push(film);
    noteGaps(film, gaps);
  });
  return { films, rejected: rejected.list(), repaired: repaired.list(), gaps: gaps.list() };
}

function clean(raw: RawFilm, repaired: Findings): Film {
  let title = String(raw.Title);
  if (typeof raw.Title === 'number') repaired.add('title stored as a number', title);
  for (const [what, mend] of [
    ['accents read with the wrong character table', accentsMended],
    ['article at the end of the title', articleFirst],
  ] as const) {
    const mended = mend(title);
    if (mended !== title) repaired.add(what, `${title} → ${mended}`);
    title = mended;
  }

  const [monthName, day, yearText] = raw['Release Date'].split(' ') as [string, string, string];
  const year = inItsCentury(Number(yearText));
  if (year !== Number(yearText)) repaired.add('release date in the wrong century', `${title}: ${yearText} → ${year}`);
  const month = MONTHS.indexOf(monthName) + 1;

  return {
    title,
    released: `${year}-${String(month).padStart(2, '0')}-${day}`,
    year,
    month,
    usGross: raw['US Gross'] || null, // nothing was ever shown for nothing: 0 stands for unknown
    worldwideGross: raw['Worldwide Gross'] || null,
    budget: raw['Production Budget'],
    genre: raw['Major Genre'],
    distributor: raw.Distributor,
    critics: raw['Rotten Tomatoes Rating'],
    audience: raw['IMDB Rating'],
    votes: raw['IMDB Votes'] ?? 0,
  };
}

function noteGaps(film: Film, gaps: Findings): void {
  if (film.usGross === null) gaps.add('US gross of zero, taken as unknown', film.title);
  if (film.genre === null) gaps.add('no genre', film.title);
  if (film.critics === null) gaps.add("no critics' rating", film.title);
  if (film.audience === null) gaps.add("no audience's rating", film.title);
}

function nameOf(row: unknown, index: number): string {
  const title = row !== null && typeof row === 'object' && 'Title' in row ? row.Title : undefined;
  return typeof title === 'string' || typeof title === 'number' ? String(title) : `row ${index + 1}`;
}

/** Writes the good rows to films.json and reports the bad ones. Fails for good when too few rows are usable. */
export const validateFilmsWorker = validateFilms.handle(async ({ outputDir, source }, job) => {
  const rows: unknown = JSON.parse(await readFile(source, 'utf8'));
  if (!Array.isArray(rows)) throw new NonRetryableError(`${source} is not a list`);

  const { films, rejected, repaired, gaps } = await job.step('check', () => checkFilms(rows));
  await job.progress(0.8, `${films.length} of ${rows.length} rows are good`);
  for (const { what, count, examples } of rejected) job.log.warn(`rejected: ${what}`, { count, examples });
  for (const { what, count, examples } of repaired) job.log.info(`repaired: ${what}`, { count, examples });

  if (films.length < rows.length * (1 - MOST_REJECTED)) {
    throw new NonRetryableError(`only ${films.length} of ${rows.length} rows are usable`);
  }
  const path = join(folderOf(outputDir, job.pipelineId), 'films.json');
  await job.step('store', () => writeWhole(path, JSON.stringify(films)));
  job.context.set('rows', { read: rows.length, kept: films.length, rejected: rows.length - films.length });
  return { path, read: rows.length, kept: films.length, rejected, repaired, gaps };
});
