import { hash } from 'node:crypto';

const LENGTH = 32;

/** What must never be seen, and where it is hidden. Each has 32 letters and digits, which no other text has. */
export class Canaries {
  readonly #places = new Map<string, string>();

  /** One for a place, as `channel webhook.secret`. */
  at(place: string): string {
    const canary = `C${hash('sha256', place).slice(1, LENGTH)}`;
    this.#places.set(canary, place);
    return canary;
  }

  /** One of pieces that are each too short to be told from words. */
  inPieces(place: string): string {
    const pieces = `C${hash('sha256', place).slice(1, LENGTH)}`.replace(/.{5}(?=.)/g, '$&,');
    this.#places.set(pieces, place);
    return pieces;
  }

  /** A secret that the server made itself; what comes before the last underscore says what it is. */
  made(place: string, secret: string | undefined): string {
    if (!secret) throw new Error(`no ${place} was given out`);
    this.#places.set(secret.replace(/^[a-z]+_/, ''), place);
    return secret;
  }

  /** What a text holds of them, in any form. */
  in(text: string): string[] {
    return [...this.#places].flatMap(([canary, place]) =>
      formsOf(canary).flatMap(([form, written]) => (text.includes(written) ? [`${place} (${form})`] : [])),
    );
  }
}

/** As it is, in base64 wherever in a longer text it begins, and as hexadecimal digits. Letters and digits are the same in a URL. */
function formsOf(canary: string): [form: string, written: string][] {
  const inBase64 = [0, 1, 2].flatMap((before) => {
    const whole = Buffer.from('\0'.repeat(before) + canary).toString('base64');
    const own = whole.slice([0, 2, 3][before], Math.floor(((before + canary.length) * 4) / 3)); // digits that nothing else has a part in
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [
    ['plain', canary],
    ...[...new Set(inBase64)].map((written): [string, string] => ['base64', written]),
    ['hex', Buffer.from(canary).toString('hex')],
  ];
}
