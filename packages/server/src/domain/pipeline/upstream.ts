import type { GraphEdge } from '../../store/store.js';

/**
 * Which stages run before others. Stages that are added together mostly hang on the same ones: what was found for the stage before
 * is kept, since looking through a graph of thousands for each of a thousand held the server for a minute.
 */
export class Upstream {
  readonly #on = new Map<number, number[]>();
  readonly #beyond: Upstream | undefined;
  #last: { of: string; upstream: ReadonlySet<number> } | undefined;

  constructor(edges: readonly GraphEdge[], beyond?: Upstream) {
    this.#beyond = beyond;
    for (const { stage_id, depends_on_id } of edges) {
      const known = this.#on.get(stage_id);
      if (known) known.push(depends_on_id);
      else this.#on.set(stage_id, [depends_on_id]);
    }
  }

  /** This graph and more edges, without a copy of it. */
  with(edges: readonly GraphEdge[]): Upstream {
    return new Upstream(edges, this);
  }

  /** Whether this stage runs before one with these dependencies. */
  has(id: number, dependencies: readonly number[]): boolean {
    const of = dependencies.join();
    if (this.#last?.of !== of) {
      const upstream = new Set(dependencies);
      for (const found of upstream) for (const next of this.dependenciesOf(found)) upstream.add(next); // a Set visits what is added meanwhile
      this.#last = { of, upstream };
    }
    return this.#last.upstream.has(id);
  }

  private dependenciesOf(id: number): readonly number[] {
    return this.#on.get(id) ?? this.#beyond?.dependenciesOf(id) ?? [];
  }
}
