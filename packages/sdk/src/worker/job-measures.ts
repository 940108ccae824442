import { LIMITS, type Measure } from '@pipelogiq/protocol';

/** What one attempt measured, kept until its ack or a flush. */
export class BufferedMeasures {
  #pending: Measure[] = [];
  #reasons = new Set<string>();

  /**
   * What cannot be counted is left out: work must not fail over a figure.
   *
   * @returns why it was left out, the first time that this is the reason
   */
  add(name: string, value: number, unit: string | undefined): string | undefined {
    const why = this.#refusal(name, value, unit);
    if (why === undefined) {
      this.#pending.push({ name, value, ...(unit !== undefined && { unit }) });
      return undefined;
    }
    const isNew = !this.#reasons.has(why);
    this.#reasons.add(why);
    return isNew ? why : undefined;
  }

  pending(): Measure[] {
    return [...this.#pending];
  }

  /** What was not sent yet, for a call of its own. */
  take(): Measure[] {
    const taken = this.#pending;
    this.#pending = [];
    return taken;
  }

  #refusal(name: string, value: number, unit: string | undefined): string | undefined {
    if (!isText(name, LIMITS.nameLength)) return `a name must be 1 to ${LIMITS.nameLength} characters without NUL`;
    if (unit !== undefined && !isText(unit, LIMITS.unitLength)) {
      return `a unit must be 1 to ${LIMITS.unitLength} characters without NUL`;
    }
    if (typeof value !== 'number' || !(Math.abs(value) <= LIMITS.measure)) return 'a value must be a number from -1e15 to 1e15';
    if (this.#pending.length >= LIMITS.measuresPerAck) {
      return `an attempt may measure ${LIMITS.measuresPerAck} values between two flushes`;
    }
    return undefined;
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** As the server sees it: it would refuse the whole call, with the results of other jobs in it. */
const isText = (text: unknown, length: number): boolean =>
  typeof text === 'string' && text !== '' && text.length <= length && !text.includes('\0') && !LONE_SURROGATE.test(text);
