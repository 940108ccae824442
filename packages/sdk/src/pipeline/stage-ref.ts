import type { At, KeyOf, Reference } from './reference.js';

/**
 * A stage of the pipeline being defined.
 *
 * @typeParam T type of its stored output; `never` when it is not known, so that its references fit anywhere
 */
export class StageRef<T = never> {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /**
   * A reference to this stage's output, or to a part of it: each argument is a key of an object or an index of a list.
   *
   * @example p.stage('pack', pack, { receipt: paid.output('receipt') });
   */
  output(): Reference<T>;
  output<A extends KeyOf<T>>(a: A): Reference<At<T, A>>;
  output<A extends KeyOf<T>, B extends KeyOf<At<T, A>>>(a: A, b: B): Reference<At<At<T, A>, B>>;
  output<A extends KeyOf<T>, B extends KeyOf<At<T, A>>, C extends KeyOf<At<At<T, A>, B>>>(
    a: A,
    b: B,
    c: C,
  ): Reference<At<At<At<T, A>, B>, C>>;
  output<
    A extends KeyOf<T>,
    B extends KeyOf<At<T, A>>,
    C extends KeyOf<At<At<T, A>, B>>,
    D extends KeyOf<At<At<At<T, A>, B>, C>>,
  >(a: A, b: B, c: C, d: D): Reference<At<At<At<At<T, A>, B>, C>, D>>;
  output(...path: (string | number)[]): Reference<unknown> {
    return { $output: path.length > 0 ? { stage: this.name, path } : { stage: this.name } };
  }
}
