import type { Json } from '@pipelogiq/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DomainError } from '../errors.js';
import { applyTemplate, checkTemplate, type Sources } from './template.js';

const sources: Sources = {
  body: {
    ref: 'main',
    count: 3,
    draft: false,
    nothing: null,
    commits: [{ id: 'a1', files: ['x.ts', 'y.ts'] }, { id: 'b2' }],
    'a b': { 'c"d': 'quoted' },
    length: 7,
  },
  headers: { 'x-event': 'push', 'content-type': 'application/json' },
  query: { q: 'needle', tag: ['one', 'two'] },
};
const filled = (text: string) => applyTemplate(text, sources);

/** The refusal of what `run` does. */
function refusal(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (error instanceof DomainError) return { code: error.code, message: error.message, errors: error.errors ?? [] };
    throw error;
  }
  return undefined;
}
const wordsFor = (text: string) => refusal(() => checkTemplate(text))?.errors[0]?.message;

describe('a text that is one placeholder', () => {
  it.each<[string, Json]>([
    ['{{ body.ref }}', 'main'],
    ['{{body.count}}', 3],
    ['{{ body.draft }}', false],
    ['{{ body.nothing }}', null],
    ['{{ body.commits[0] }}', { id: 'a1', files: ['x.ts', 'y.ts'] }],
    ['{{ body.commits[0].files[1] }}', 'y.ts'],
    ['{{ body["a b"]["c\\"d"] }}', 'quoted'],
    ['{{ body["\\u0072ef"] }}', 'main'],
    ['{{ headers.x-event }}', 'push'],
    ['{{ headers.X-Event }}', 'push'],
    ['{{ headers["Content-Type"] }}', 'application/json'],
    ['{{ query.q }}', 'needle'],
    ['{{ query.tag[1] }}', 'two'],
    ['{{ query }}', { q: 'needle', tag: ['one', 'two'] }],
    ['{{ "{{ body.ref }}" }}', '{{ body.ref }}'],
  ])('%s becomes the value with its type', (text, value) => {
    expect(filled(text)).toEqual(value);
    expect(() => checkTemplate(text)).not.toThrow();
  });
});

describe('a header that may hold a secret', () => {
  it.each(['{{ headers.authorization }}', '{{ headers["X-API-Key"]? }}', 'by {{ headers.Cookie }}'])(
    'is kept from %s',
    (text) => {
      expect(wordsFor(text)).toMatch(/^The header \S+ may hold a secret, and is kept from templates\.$/);
    },
  );
});

describe('a longer text', () => {
  it('takes strings as they are and everything else as JSON', () => {
    expect(filled('{{ body.ref }}@{{ body.commits[0].id }}: {{ body.count }}')).toBe('main@a1: 3');
    expect(filled(' {{ body.count }}')).toBe(' 3');
    expect(filled('{{ body.draft }}/{{ body.nothing }}/{{ query.tag }}')).toBe('false/null/["one","two"]');
    expect(filled('$' + '{{ "{{" }} secrets.X }}')).toBe('$' + '{{ secrets.X }}');
  });

  it('is not read again after it was filled in', () => {
    const body = { a: '{{ body.b }}', b: 'secret' };
    expect(applyTemplate('{{ body.a }}', { ...sources, body })).toBe('{{ body.b }}');
    expect(applyTemplate('<{{ body.a }}>', { ...sources, body })).toBe('<{{ body.b }}>');
  });

  it('without two opening braces stays as it is', () => {
    for (const text of ['', '}}', '{ body.ref }', '{"a":{"b":1}}', '$' + '{body.ref}']) expect(filled(text)).toBe(text);
  });
});

describe('a missing value', () => {
  it('is refused by field and source, all of them together', () => {
    const template = { name: 'build', stages: [{ name: 'a', input: { 'to do': '{{ body.nope.x }}', n: ['-{{ query.z }}-'] } }] };
    const { code, message, errors } = refusal(() => applyTemplate(template, sources)) ?? {};
    expect(code).toBe('invalid_request');
    expect(errors).toEqual([
      {
        path: 'template.stages[0].input["to do"]',
        message: 'The delivery has nothing at body.nope.x; write {{ body.nope.x? }} when it may be missing.',
      },
      { path: 'template.stages[0].input.n[0]', message: expect.stringContaining('nothing at query.z;') },
    ]);
    expect(message).toContain('template.stages[0].input["to do"]');
    expect(message).toContain('and 1 more');
  });

  it('becomes null, or empty text, with ?', () => {
    expect(filled('{{ body.nope? }}')).toBeNull();
    expect(filled('{{ body.nope.deeper[3]? }}')).toBeNull();
    expect(filled('<{{ headers.x-none? }}>')).toBe('<>');
    expect(filled('{{ body.ref? }}')).toBe('main');
    expect(filled('<{{ body.nothing? }}>')).toBe('<null>');
  });

  it.each([
    'body.commits.length',
    'body.commits["0"]',
    'body.commits[2]',
    'body.ref[0]',
    'body.ref.length',
    'body[0]',
    'body.toString',
    'body["hasOwnProperty"]',
    'query.tag.map',
  ])('is what %s names: only own properties of objects and places of arrays are read', (path) => {
    expect(filled(`{{ ${path}? }}`)).toBeNull();
    expect(refusal(() => filled(`{{ ${path} }}`))?.errors[0]?.message).toContain(`nothing at ${path};`);
  });

  it('is not what an own property called length is', () => {
    expect(filled('{{ body.length }}')).toBe(7);
  });
});

describe('a template, when it is made', () => {
  it.each([
    '{{ }}',
    '{{ body',
    '{{ body. }}',
    '{{ body..a }}',
    '{{ body.0 }}',
    '{{ body[x] }}',
    '{{ body[-1] }}',
    '{{ body[01] }}',
    '{{ body["a] }}',
    "{{ body['a'] }}",
    '{{ body["\\q"] }}',
    '{{ body.a b }}',
    '{{ body.a ? }}',
    '{{ body.a() }}',
    '{{ body.a || body.b }}',
    '{{ 1 + 1 }}',
    '{{{ body.a }}}',
    'fine {{ body.ref }}, then {{ body.a',
  ])('%j is refused', (text) => {
    expect(wordsFor(text)).toContain('does not begin with a placeholder that can be read: write {{');
    expect(refusal(() => filled(text))?.code).toBe('invalid_request');
  });

  it('names the field of each', () => {
    const paths = refusal(() =>
      checkTemplate({ name: '{{ x }}', context: { 'a.b': ['{{'] }, keywords: ['{{ body.k }}'] }),
    )?.errors;
    expect(paths?.map(({ path }) => path)).toEqual(['template.name', 'template.context["a.b"][0]']);
  });

  it('hears what it may have meant to read from', () => {
    expect(wordsFor('{{ boddy.a }}')).toBe('A delivery has no "boddy"; did you mean body?');
    expect(wordsFor('{{ header.a }}')).toContain('did you mean headers?');
    expect(wordsFor('{{ process.env.HOME }}')).toBe('A delivery has no "process"; a path begins with body, headers, query.');
  });

  it.each(['__proto__', 'constructor'])('may not read %s, even where a delivery has it', (key) => {
    const body = JSON.parse(`{"a": {"${key}": 1}}`) as Json;
    for (const text of [`{{ body.a.${key} }}`, `{{ body.a["${key}"]? }}`, `{{ body.${key}.x? }}`]) {
      expect(wordsFor(text)).toBe(`"${key}" cannot be read.`);
      expect(refusal(() => applyTemplate(text, { ...sources, body }))?.code).toBe('invalid_request');
    }
  });

  it('is read in linear time, whatever it holds', () => {
    const long = 1_000_000;
    for (const text of [
      '{{' + ' '.repeat(long),
      '{{ body' + '.a'.repeat(long),
      '{{ body["' + 'a'.repeat(long),
      '{{ "' + '\\"'.repeat(long),
    ]) {
      expect(wordsFor(text)?.length).toBeLessThan(300);
    }
    expect(filled('{{ body.ref }}'.repeat(10_000))).toHaveLength(40_000);
  });
});

it('does not fill in more than it may, however often a template names a large value', () => {
  const body = 'x'.repeat(1_000);
  const template = Array.from({ length: 50 }, () => '{{ body }}');
  expect(applyTemplate(template, { ...sources, body }, { maxLength: 50 * 1_002 })).toHaveLength(50);
  expect(refusal(() => applyTemplate(template, { ...sources, body }, { maxLength: 50 * 1_002 - 1 }))?.code).toBe(
    'payload_too_large',
  );
  expect(refusal(() => applyTemplate(`${template}`, { ...sources, body }, { maxLength: 20_000 }))?.code).toBe(
    'payload_too_large',
  );
});

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
const withoutPlaceholders = json.filter((value) => !JSON.stringify(value).includes('{{'));
/** Values after their way through JSON, where -0 is 0. */
const asJson = (value: Json) => JSON.parse(JSON.stringify(value)) as Json;

it('leaves any JSON without placeholders equal, keys and their order too', () => {
  fc.assert(
    fc.property(withoutPlaceholders, (template) => {
      expect(() => checkTemplate(template)).not.toThrow();
      expect(JSON.stringify(applyTemplate(template, sources))).toBe(JSON.stringify(template));
    }),
  );
});

it('brings any value of a delivery over with its type, by any key, and as JSON into a longer text', () => {
  const keys = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((key) => key !== '__proto__' && key !== 'constructor');
  fc.assert(
    fc.property(keys, fc.nat(3), json, (key, place, raw) => {
      const value = asJson(raw);
      const list = Array.from({ length: place + 1 }, (_, at) => (at === place ? value : 'other'));
      const delivery: Sources = { ...sources, body: { [key]: list } };
      const path = `body[${JSON.stringify(key)}][${place}]`;
      const template = { stages: [{ input: `{{ ${path} }}` }], name: `<{{${path}?}}>` };
      checkTemplate(template);
      expect(applyTemplate(template, delivery)).toEqual({
        stages: [{ input: value }],
        name: `<${typeof value === 'string' ? value : JSON.stringify(value)}>`,
      });
    }),
  );
});

it('gives any text back through a literal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(filled(`{{ ${JSON.stringify(text)} }}`)).toBe(text);
    }),
  );
});
