import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { text } from '../../config-fields.js';
import { withoutCutSecrets, withoutSecrets } from './redact.js';
import type { Configurable } from './settings.js';

const kind: Configurable = { type: 'sample', fields: [text('password', 'Password.', { secret: true })] };
const REDACTED = '[redacted]';
/** At the end of a secret, what may begin an escape together with what follows. */
const BEGUN = /^(?:[\\%&].{0,20})?$/;
const RUNS = { numRuns: 2_000 };

const json = (said: string): string => JSON.stringify(said).slice(1, -1);
const hex = (char: string, digits: number): string => char.charCodeAt(0).toString(16).padStart(digits, '0');
const NAMES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#039;' } as const;

/** As servers write what they repeat. */
const WRITINGS: { readonly [name: string]: (said: string) => string } = {
  json,
  'JSON of PHP': (said) =>
    json(said)
      .replaceAll('/', '\\/')
      .replace(/[^\0-\x7f]/g, (unit) => `\\u${hex(unit, 4)}`),
  'JSON of Go': (said) => json(said).replace(/[&<>]/g, (char) => `\\u${hex(char, 4)}`),
  'JavaScript for HTML': (said) => said.replace(/[^\w\s\u0080-\uffff]/g, (char) => `\\x${hex(char, 2).toUpperCase()}`),
  URL: encodeURIComponent,
  'URL in small letters': (said) => encodeURIComponent(said).replace(/%../g, (byte) => byte.toLowerCase()),
  form: (said) => new URLSearchParams({ said }).toString().slice('said='.length),
  HTML: (said) => said.replace(/[&<>"']/g, (char) => NAMES[char as keyof typeof NAMES]),
  'HTML in numbers': (said) => said.replace(/[^\w\s]/gu, (char) => `&#${char.codePointAt(0)};`),
  'HTML in hexadecimal numbers': (said) =>
    said.replace(/[^\w\s]/gu, (char) => `&#x${char.codePointAt(0)?.toString(16).toUpperCase()};`),
  spaces: (said) => said.replaceAll(' ', ' \n\t '),
};
const aWriting = fc
  .array(fc.constantFrom(...Object.keys(WRITINGS)), { minLength: 0, maxLength: 3 })
  .map((names) => ({ names, write: (said: string) => names.reduce((written, name) => WRITINGS[name]?.(written) ?? '', said) }));

/** What is escaped somewhere, what escapes are made of, and letters of one to four bytes. */
const UNITS = [...'abnrtux0257&;#%+\\/"\'<>= -_.,éжß€😀'];
/** As little as it may read when it is unescaped though nobody escaped it. */
const least = (said: string): string =>
  said
    .replaceAll('\\', '')
    .replace(/%\w\w|&#\w+;/g, '')
    .replace(/[\s+]+/g, ' ')
    .trim();
const unitsOf = (minLength: number) =>
  fc.array(fc.constantFrom(...UNITS), { minLength, maxLength: 30 }).map((units) => units.join(''));
/** Of the shortest length, or so long that enough is left when its end looks like the beginning of an escape. */
const aSecret = fc.oneof(
  unitsOf(3)
    .map((units) => `${units}z`)
    .filter((secret) => least(secret).length >= 4),
  unitsOf(14).filter((secret) => least(secret).length >= 14),
);
const aText = fc
  .array(fc.constantFrom(...'defgh0123 \n\\%&;"/', '%41', '\\n', '&amp;', '\\u0041'), { maxLength: 20 })
  .map((units) => units.join(''));

describe('a secret', () => {
  it('is hidden in every writing that servers use, one in the other, and all else stays as it is', () => {
    fc.assert(
      fc.property(aSecret, aWriting, aText, aText, (secret, { write }, before, after) => {
        const written = write(secret);
        const shown = withoutSecrets(`${before}:${written}:${after}`, kind, { password: secret });
        const [start, end] = [`${before}:${REDACTED}`, `:${after}`];
        expect(shown.startsWith(start) && shown.endsWith(end), shown).toBe(true);
        const rest = shown.slice(start.length, -end.length);
        expect(written.endsWith(rest)).toBe(true);
        expect(rest).toMatch(BEGUN);
      }),
      RUNS,
    );
  });

  it('is hidden whatever stands beside it', () => {
    fc.assert(
      fc.property(unitsOf(5), unitsOf(5), aWriting, aText, aText, (start, end, { write }, before, after) => {
        const secret = `${start}zqzqzq${end}`;
        const said = `${before.replace(/\\+$/, '')}${write(secret)}${after}`; // a lone backslash is no beginning of an escape
        expect(withoutSecrets(said, kind, { password: secret })).not.toContain('qz');
      }),
      RUNS,
    );
  });

  it('of which the end was not read is cut off in every writing', () => {
    fc.assert(
      fc.property(aSecret, aWriting, aText, fc.nat(), (secret, { write }, before, at) => {
        const written = write(secret);
        const body = `${before}:${written.slice(0, 1 + (at % (written.length - 1)))}`;
        const settings = { password: secret };
        const shown = withoutSecrets(withoutCutSecrets({ body, truncated: true }, kind, settings).body, kind, settings);
        const [start, end] = [`${before}:`.slice(0, shown.length), shown.slice(before.length + 1)];
        expect(shown.startsWith(start), shown).toBe(true);
        expect(end.replace(REDACTED, '').replaceAll(/[\s+]+/g, '')).toMatch(BEGUN);
      }),
      RUNS,
    );
  });
});

describe('a text without secrets', () => {
  it('stays as it is', () => {
    fc.assert(
      fc.property(aSecret, aText, aText, (secret, before, after) => {
        const said = `${before}${after}`;
        expect(withoutSecrets(said, kind, { password: `${secret}ъ` })).toBe(said);
      }),
      RUNS,
    );
  });
});
