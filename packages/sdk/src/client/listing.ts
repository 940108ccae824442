import type { Page } from '@pipelogiq/protocol';
import type { Transport } from '../transport/transport.js';

/** Options of every read. */
export interface ReadOptions {
  signal?: AbortSignal;
}

type Query = Record<string, string | number | undefined>;

/**
 * A list that the server gives out in pages. Nothing is asked before it is read; every reading starts anew.
 *
 * @example
 * for await (const pipeline of pipelogiq.pipelines.list({ status: 'failed' })) console.log(pipeline.name);
 * const { items, nextCursor } = await pipelogiq.pipelines.list({ limit: 20 }).page();
 */
export class Listing<Item> implements AsyncIterable<Item> {
  readonly #fetch: (cursor: string | undefined) => Promise<Page<Item>>;
  readonly #start: string | undefined;

  /** @param start cursor of the first page */
  constructor(fetch: (cursor: string | undefined) => Promise<Page<Item>>, start?: string) {
    this.#fetch = fetch;
    this.#start = start;
  }

  /** The first page only. Its `nextCursor`, given as `cursor` of a new list, leads to the next one. */
  page(): Promise<Page<Item>> {
    return this.#fetch(this.#start);
  }

  /** Page by page, each asked for when it is needed. */
  async *pages(): AsyncGenerator<Page<Item>, void, undefined> {
    let cursor: string | null | undefined = this.#start;
    do {
      const page: Page<Item> = await this.#fetch(cursor);
      yield page;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) yield* page.items;
  }

  /** Everything at once. Mind the size: pipelines and logs may be many. */
  async all(): Promise<Item[]> {
    const items: Item[] = [];
    for await (const page of this.pages()) items.push(...page.items);
    return items;
  }
}

/** The list at a path. */
export function listing<Item>(transport: Transport, path: string, filter: Query, { signal }: ReadOptions): Listing<Item> {
  const fetch = async (cursor: string | undefined) => {
    const query = { ...filter, cursor };
    return (await transport.request<Page<Item>>({ method: 'GET', path, query, retry: 'safe', signal })).body;
  };
  return new Listing(fetch, filter.cursor === undefined ? undefined : String(filter.cursor));
}
