const DOUBLE = 8;
const MAX_VARINT = 8;

/** Writes numbers small: those below 128 take a byte. */
export class ByteWriter {
  #bytes = Buffer.alloc(256);
  #length = 0;

  /** A whole number from 0 to 2^53. */
  count(value: number): void {
    this.#need(MAX_VARINT);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A whole number, negative or not. */
  integer(value: number): void {
    this.count(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** A double, in one byte and a varint when it is a whole number that is not large. */
  number(value: number): void {
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 48 && !Object.is(value, -0)) {
      this.count(1);
      this.integer(value);
      return;
    }
    this.count(0);
    this.#need(DOUBLE);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  /** Bytes with their number before them, so that a reader can pass over them. */
  block(bytes: Uint8Array): void {
    this.count(bytes.length);
    this.#need(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Valid until the next call of this writer. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  #need(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#length + bytes));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Reads what a ByteWriter wrote. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  count(): number {
    let byte = this.#next();
    if (byte < 128) return byte;
    let value = byte - 128;
    for (let scale = 128; ; scale *= 128) {
      byte = this.#next();
      if (byte < 128) return value + byte * scale;
      value += (byte - 128) * scale;
    }
  }

  integer(): number {
    const value = this.count();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  number(): number {
    if (this.count() === 1) return this.integer();
    const value = this.#bytes.readDoubleLE(this.#at);
    this.#at += DOUBLE;
    return value;
  }

  /** A view of the bytes of a block. */
  block(): Uint8Array {
    const length = this.count();
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new RangeError('the bytes end too early');
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A block that is text. */
  text(): string {
    const length = this.count();
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  /** Reads a block of so many bytes with `read`, which need not read it all. */
  within(bytes: number, read: () => void): void {
    const end = this.#at + bytes;
    read();
    this.#at = end;
  }

  #next(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError('the bytes end too early');
    return byte;
  }
}
