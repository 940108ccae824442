/** A text as it reads: in small letters, with one space for each run of white space. It remembers where it was read. */
export interface Reading {
  text: string;
  /** Where in the original each character begins, and behind the last one where that ends; left out where it is the same. */
  starts?: Int32Array;
}

const PERCENT = '%[0-9a-f]{2}';
const ENTITY = '&(?:#\\d{1,10}|#x[0-9a-f]{1,8}|amp|lt|gt|quot|apos);';
/** Also of what needs none. A backslash before another escape is not its own: who escapes a backslash writes two. */
const BACKSLASHED = `\\\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|(?!${PERCENT}|${ENTITY})[^])`;
/** An escape of JSON, of HTML, or of URLs with those that follow, for a character has up to four; in small letters. */
const ESCAPE = new RegExp(`${BACKSLASHED}|${ENTITY}|(?:${PERCENT})+`, 'g');
/** What may be the beginning of one at the end of a text, or of a character that takes several. */
const HALF = /(?:\\+(?:u[0-9a-f]{0,3}|x[0-9a-f]?)?|(?:%[c-f][0-9a-f](?:%[89ab][0-9a-f]){0,2})?(?:%[0-9a-f]?)?|&#?\w{0,9})$/;
const LONGEST_HALF = 80;

const NAMED: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const BREAKS: { readonly [letter: string]: string } = { n: ' ', r: ' ', t: ' ' };

/** Who puts an answer into an answer escapes it again. */
const MOST_TIMES = 6;

/** Most answers have none of it, and read as they stand. */
const SPECIAL = /[\\&%+]|[^ -~]| {2}/;
const PLUS = 0x2b;
const SPACE = 0x20;
const NO_BREAK_SPACE = 0xa0;
const UNKNOWN = 0xfffd;
const LAST_CODE_POINT = 0x10ffff;

/**
 * The text as it stands, then unescaped once, twice and so on, for as long as that changes it.
 * @param isCut - more would follow: what may be half an escape at the end belongs to none of the readings
 */
export function readingsOf(text: string, isCut = false): Reading[] {
  if (!SPECIAL.test(text)) return [{ text: text.toLowerCase() }];
  const readings: Reading[] = [];
  let next: Reading | undefined = asItStands(text);
  while (next !== undefined && readings.length <= MOST_TIMES) {
    const reading: Reading = isCut ? withoutHalf(next) : next;
    readings.push(reading);
    next = unescaped(reading);
  }
  return readings;
}

/** Where in the original something begins that was read. */
export const startOf = ({ starts }: Reading, at: number): number => starts?.[at] ?? at;

/** Where in the original something ends that was read up to there: behind the escape that its last character may be a half of. */
export function endOf({ starts }: Reading, end: number): number {
  if (!starts) return end;
  let at = end;
  while (at < starts.length - 1 && starts[at] === starts[at - 1]) at += 1;
  return starts[at] as number;
}

/** Takes characters one after the other, with the place of each. */
class Writer {
  readonly #units: Uint16Array;
  readonly #starts: Int32Array;
  #length = 0;

  constructor(most: number) {
    this.#units = new Uint16Array(most);
    this.#starts = new Int32Array(most + 1);
  }

  /** @param unit - of UTF-16, of a text that was `lowered` */
  put(unit: number, start: number): void {
    const read = readAs(unit);
    if (read === SPACE && this.#length > 0 && this.#units[this.#length - 1] === SPACE) return;
    this.#units[this.#length] = read;
    this.#starts[this.#length++] = start;
  }

  putAll(text: string, start: number): void {
    for (let at = 0; at < text.length; at++) this.put(text.charCodeAt(at), start);
  }

  done(end: number): Reading {
    this.#starts[this.#length] = end;
    return { text: textOf(this.#units.subarray(0, this.#length)), starts: this.#starts.subarray(0, this.#length + 1) };
  }
}

/** A plus is the space of a form. Headers carry letters of Latin-1 as single bytes, which are no UTF-8: others read them as unknown ones. */
function readAs(unit: number): number {
  if (unit === PLUS || unit === NO_BREAK_SPACE || (unit >= 9 && unit <= 13)) return SPACE;
  return unit >= 0x80 && unit <= 0xff ? UNKNOWN : unit;
}

/** In small letters and of the same length, which `toLowerCase` alone leaves neither to İ nor, at the end of a word, to Σ. */
const lowered = (text: string): string =>
  text
    .replaceAll('İ', 'i')
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .replace(/[^\S\0-\u00ff]/g, ' ');

const PIECE = 4_096;

function textOf(units: Uint16Array): string {
  let text = '';
  for (let at = 0; at < units.length; at += PIECE) text += String.fromCharCode(...units.subarray(at, at + PIECE));
  return text;
}

function asItStands(text: string): Reading {
  const writer = new Writer(text.length);
  const small = lowered(text);
  for (let at = 0; at < small.length; at++) writer.put(small.charCodeAt(at), at);
  return writer.done(text.length);
}

/** Undefined when it has no escapes. */
function unescaped(reading: Reading): Reading | undefined {
  const { text } = reading;
  if (text.search(ESCAPE) < 0) return undefined;
  const writer = new Writer(text.length);
  let done = 0;
  const copyUpTo = (end: number): void => {
    for (; done < end; done++) writer.put(text.charCodeAt(done), startOf(reading, done));
  };
  for (const { 0: written, index } of text.matchAll(ESCAPE)) {
    copyUpTo(index);
    if (written.startsWith('%'))
      putBytes(writer, Buffer.from(written.replaceAll('%', ''), 'hex'), (at) => startOf(reading, index + 3 * at));
    else writer.putAll(meantBy(written), startOf(reading, index));
    done += written.length;
  }
  copyUpTo(text.length);
  return writer.done(startOf(reading, text.length));
}

/** @param written - of JSON or HTML */
function meantBy(written: string): string {
  if (written.length === 2) return BREAKS[written.slice(1)] ?? written.slice(1);
  if (written.startsWith('\\')) return charOf(Number.parseInt(written.slice(2), 16));
  const name = written.slice(1, -1);
  if (name.startsWith('#x')) return charOf(Number.parseInt(name.slice(2), 16));
  return name.startsWith('#') ? charOf(Number(name.slice(1))) : (NAMED[name] as string);
}

const charOf = (code: number): string => lowered(code > LAST_CODE_POINT ? '\uFFFD' : String.fromCodePoint(code));

/** UTF-8. */
function putBytes(writer: Writer, bytes: Buffer, startOfByte: (at: number) => number): void {
  for (let at = 0; at < bytes.length; ) {
    const char = bytes.toString('utf8', at, at + sizeOf(bytes[at] as number));
    const isWrong = char.includes('\uFFFD');
    writer.putAll(isWrong ? '\uFFFD' : lowered(char), startOfByte(at));
    at += isWrong ? 1 : Buffer.byteLength(char);
  }
}

const sizeOf = (lead: number): number => (lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);

function withoutHalf({ text, starts }: Reading): Reading {
  const whole = halvesOff(text).at(-1) ?? text;
  return { text: whole, ...(starts && { starts: starts.subarray(0, whole.length + 1) }) };
}

/** What is left of a text that was read without what may be half an escape at its end, then without the one before; nothing without any. */
export function halvesOff(text: string): string[] {
  const left: string[] = [];
  for (let length = text.length; left.length < MOST_TIMES; left.push(text.slice(0, length))) {
    const [half = ''] = HALF.exec(text.slice(Math.max(0, length - LONGEST_HALF), length)) ?? [];
    if (half === '') break;
    length -= half.length;
  }
  return left;
}
