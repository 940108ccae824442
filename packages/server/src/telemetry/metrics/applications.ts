import { type LateLabel, OTHER } from './families.js';

/** An application as a label; its name is looked up before the next scrape. */
export interface ApplicationLabel extends LateLabel {
  text: string | undefined;
}

/** Names of applications by id. Counting needs none of them: they are asked for when somebody looks. */
export class ApplicationLabels {
  readonly #byId = new Map<number, ApplicationLabel>();
  readonly #max: number;
  /** Of all applications beyond the bound, and of the one that is called so: two series of one name would be one line twice. */
  readonly other: ApplicationLabel = { text: OTHER };
  /** Told of an application that turned out to be called `other`: what was counted under `label` belongs to `other`. */
  onOther: (label: ApplicationLabel) => void = () => {};

  constructor(max: number) {
    this.#max = max;
  }

  /** One object for each application, `other` for all beyond the bound. */
  of(id: number): ApplicationLabel {
    const known = this.#byId.get(id);
    if (known) return known;
    if (this.#byId.size >= this.#max) return this.other;
    const label: ApplicationLabel = { text: undefined };
    this.#byId.set(id, label);
    return label;
  }

  /** Whether no name is missing. */
  get areNamed(): boolean {
    return [...this.#byId.values()].every(({ text }) => text !== undefined);
  }

  /**
   * Completes what is not named yet.
   *
   * @returns whether one is called `other`, so that what was shown under its own label has to be shown again
   */
  name(applications: readonly { id: number; name: string }[]): boolean {
    const names = new Map(applications.map(({ id, name }) => [id, name]));
    let isOther = false;
    for (const [id, label] of this.#byId) {
      if (label.text !== undefined) continue;
      if (names.get(id) === OTHER) {
        this.#byId.set(id, this.other);
        this.onOther(label);
        isOther = true;
      } else label.text = names.get(id);
    }
    return isOther;
  }
}
