import { type Detail, pushEvent, type StoredType } from './stored.js';

/** With names of the usual length such a row has some 20 KiB. */
const EVENTS_PER_ROW = 500;

/** What an event is about, as rows have it. */
interface Subject {
  id: number;
  application_id: number;
  name: string;
}

interface Row {
  count: number;
  values: Detail[];
}

/** A place in what a group has collected. */
export interface EventMark {
  rows: number;
  count: number;
  values: number;
}

/** What happens in one group, in order; written with it as a few packed rows. */
export class GroupEvents {
  readonly #on: boolean;
  readonly #rows: Row[] = [];

  constructor(on: boolean) {
    this.#on = on;
  }

  /** @param one - the first detail of the type (stored.ts) */
  add(type: StoredType, { id, application_id, name }: Subject, one?: Detail, two?: Detail): void {
    if (!this.#on) return;
    let row = this.#rows.at(-1);
    if (row === undefined || row.count === EVENTS_PER_ROW) {
      row = { count: 0, values: [] };
      this.#rows.push(row);
    }
    row.count += 1;
    pushEvent(row.values, type, application_id, id, name, one, two);
  }

  get isEmpty(): boolean {
    return this.#rows.length === 0;
  }

  mark(): EventMark {
    const { count = 0, values = [] } = this.#rows.at(-1) ?? {};
    return { rows: this.#rows.length, count, values: values.length };
  }

  /** Forgets what was added since: its savepoint was rolled back. */
  backTo({ rows, count, values }: EventMark): void {
    this.#rows.length = rows;
    const last = this.#rows.at(-1);
    if (!last) return;
    last.count = count;
    last.values.length = values;
  }

  /** The rows as they are stored. */
  payloads(): string[] {
    return this.#rows.map(({ values }) => JSON.stringify(values));
  }
}
