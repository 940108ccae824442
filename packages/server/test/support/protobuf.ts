/** A field of a protobuf message: its bytes, or its number for varint and fixed types. */
type Field = { number: number; value: bigint | Uint8Array };

/** The fields of a message by number, in order. Reads the wire format only (https://protobuf.dev/programming-guides/encoding/). */
export class Message {
  readonly #fields: Field[] = [];

  constructor(bytes: Uint8Array) {
    const reader = new Reader(bytes);
    while (!reader.done) this.#fields.push(reader.field());
  }

  all(number: number): (bigint | Uint8Array)[] {
    return this.#fields.filter((field) => field.number === number).map((field) => field.value);
  }

  messages(number: number): Message[] {
    return this.all(number).map((value) => new Message(asBytes(value)));
  }

  message(number: number): Message {
    return this.messages(number).at(-1) ?? new Message(new Uint8Array());
  }

  has(number: number): boolean {
    return this.#fields.some((field) => field.number === number);
  }

  bytes(number: number): Uint8Array {
    return asBytes(this.all(number).at(-1) ?? new Uint8Array());
  }

  text(number: number): string {
    return new TextDecoder().decode(this.bytes(number));
  }

  hex(number: number): string {
    return Buffer.from(this.bytes(number)).toString('hex');
  }

  integer(number: number): bigint {
    const value = this.all(number).at(-1) ?? 0n;
    if (typeof value !== 'bigint') throw new Error(`field ${number} is not a number`);
    return value;
  }
}

function asBytes(value: bigint | Uint8Array): Uint8Array {
  if (typeof value === 'bigint') throw new Error('expected bytes, found a number');
  return value;
}

class Reader {
  #at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  field(): Field {
    const tag = Number(this.#varint());
    return { number: tag >> 3, value: this.#value(tag & 7) };
  }

  #value(wireType: number): bigint | Uint8Array {
    if (wireType === 0) return this.#varint();
    if (wireType === 1) return this.#view.getBigUint64(this.#advance(8), true);
    if (wireType === 5) return BigInt(this.#view.getUint32(this.#advance(4), true));
    if (wireType !== 2) throw new Error(`unknown wire type ${wireType}`);
    const length = Number(this.#varint());
    const from = this.#advance(length);
    return this.#bytes.subarray(from, from + length);
  }

  #varint(): bigint {
    for (let value = 0n, shift = 0n; ; shift += 7n) {
      const byte = this.#view.getUint8(this.#advance(1));
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  #advance(bytes: number): number {
    const from = this.#at;
    this.#at += bytes;
    if (this.#at > this.#bytes.length) throw new Error('the message ends inside a field');
    return from;
  }
}
