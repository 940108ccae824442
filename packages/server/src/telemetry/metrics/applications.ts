import { type LateLabel, OTHER } from './families.js';

/** An application as a label; its name is looked up before the next scrape. */
export interface ApplicationLabel extends LateLabel {
  text: string | undefined;
}

/** Names of applications by id. Counting needs none of them: they are asked for when somebody looks. */
export class ApplicationLabels {
  readonly #byId = new Map<number, ApplicationLabel>();
  readonly #max: number;
  readonly #beyond: ApplicationLabel = { text: OTHER };

  constructor(max: number) {
    this.#max = max;
  }

  /** One object for each application, `other` for all beyond the bound. */
  of(id: number): ApplicationLabel {
    const known = this.#byId.get(id);
    if (known) return known;
    if (this.#byId.size >= this.#max) return this.#beyond;
    const label: ApplicationLabel = { text: undefined };
    this.#byId.set(id, label);
    return label;
  }

  /** Whether no name is missing. */
  get areNamed(): boolean {
    return [...this.#byId.values()].every(({ text }) => text !== undefined);
  }

  /** Completes what is not named yet. */
  name(applications: readonly { id: number; name: string }[]): void {
    const names = new Map(applications.map(({ id, name }) => [id, name]));
    for (const [id, label] of this.#byId) label.text ??= names.get(id);
  }
}
