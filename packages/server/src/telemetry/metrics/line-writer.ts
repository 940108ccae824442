const ZERO = 48;
const NEWLINE = 10;
/** Digits of the largest whole number that is written digit by digit. */
const MOST_DIGITS = 16;

/**
 * Puts text together as the bytes that are sent. A scrape has ten thousands of lines that begin as they did the last time: copying
 * their bytes takes a tenth of what joining and encoding strings does, and leaves no garbage.
 */
export class LineWriter {
  #bytes: Buffer<ArrayBuffer>;
  #length = 0;

  /**
   * @param memory - to write to, for the writer alone; when it is too small, more is made
   * @param length - bytes of it that are written already
   */
  constructor(memory: Buffer<ArrayBuffer>, length = 0) {
    this.#bytes = memory;
    this.#length = length;
  }

  /** Bytes that are written. */
  get length(): number {
    return this.#length;
  }

  /** What it has written to at last. */
  get memory(): Buffer<ArrayBuffer> {
    return this.#bytes;
  }

  bytes(part: Uint8Array): void {
    this.#need(part.length);
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
  }

  text(part: string): void {
    this.#need(3 * part.length); // of UTF-8, at most
    this.#length += this.#bytes.write(part, this.#length);
  }

  number(value: number): void {
    if (!isWhole(value)) {
      this.text(numberText(value));
      return;
    }
    this.#need(MOST_DIGITS);
    const digits = digitsOf(value);
    putDigits(this.#bytes, this.#length, value, digits);
    this.#length += digits;
  }

  endLine(): void {
    this.#need(1);
    this.#bytes[this.#length++] = NEWLINE;
  }

  /** All that was written. Nothing more may be written then. */
  taken(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #need(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#length + bytes));
    grown.set(this.taken());
    this.#bytes = grown;
  }
}

/** Whether it is written digit by digit. */
export const isWhole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** Of a whole number. */
export function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits += 1;
  return digits;
}

/** Writes a whole number that has so many digits. */
export function putDigits(to: Uint8Array, at: number, value: number, digits: number): void {
  let rest = value;
  for (let place = at + digits - 1; place >= at; place--) {
    const tenth = Math.floor(rest / 10);
    to[place] = ZERO + (rest - 10 * tenth);
    rest = tenth;
  }
}

export function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
