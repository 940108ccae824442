import { describe, expect, it } from 'vitest';
import { json, text, webhookUrl } from '../../config-fields.js';
import { refusalOf } from './deliver.js';
import type { IntegrationKind } from './kind.js';
import { type Configurable, mergeSettings, withoutCutSecrets, withoutSecrets } from './settings.js';

const kind: Configurable = {
  type: 'sample',
  fields: [
    webhookUrl('url', 'Where to.', { secret: true, destination: true }),
    json('headers', 'Headers.', { secret: true }),
    text('name', 'Name.'),
  ],
};
const deps = { objectionTo: () => undefined };
const merged = (given: { [field: string]: string }) => mergeSettings(deps, kind, given, {});

describe('a webhook URL', () => {
  it('may have a query, which may be its secret', () => {
    const url = 'https://hooks.example.com/workflows/1/run?api-version=1&sig=a-b_c';
    expect(merged({ url })).toEqual({ url });
  });

  it('is refused with a fragment, or when it may not be called', () => {
    expect(() => merged({ url: 'https://hooks.example.com/#key' })).toThrow('config.url must not hold #');
    expect(() => mergeSettings({ objectionTo: () => 'it is no URL' }, kind, { url: 'x' }, {})).toThrow('config.url it is no URL');
  });

  it('is hidden in the words of others, by its path, the longer parts of it, and the values of its query', () => {
    const settings = { url: 'https://hooks.example.com/services/TOKEN0123456789/x?sig=Ab%2BCdefgh&v=2' };
    const said = 'no TOKEN0123456789, sig Ab+Cdefgh or Ab%2BCdefgh for services v=2';
    expect(withoutSecrets(said, kind, settings)).toBe('no [redacted], sig [redacted] or [redacted] for services v=2');
  });
});

describe('a field of JSON', () => {
  it('may have lines', () => {
    const headers = '{\r\n\t"x-key": "secret-value"\n}';
    expect(merged({ headers })).toEqual({ headers });
    expect(() => merged({ name: 'two\nlines' })).toThrow('config.name must not hold control characters');
  });

  it('is refused when it is none', () => {
    expect(() => merged({ headers: '{x: 1}' })).toThrow('config.headers must be JSON');
    expect(() => merged({ headers: '"\u0000"' })).toThrow('config.headers must not hold control characters');
  });

  it('is hidden by its texts', () => {
    const settings = { headers: '{"x-key":"secret-value"}' };
    expect(withoutSecrets('bad secret-value', kind, settings)).toBe('bad [redacted]');
    // Seen to fail: only base64 of the whole field was known.
    expect(withoutSecrets(`bad ${Buffer.from('secret-value').toString('base64url')}`, kind, settings)).toBe('bad [redacted]');
  });
});

// Each seen to fail: only what it was sent, URL escapes in capitals and those of JSON.stringify were known.
describe('a secret that is repeated in other writing', () => {
  const secret = 'Zq7/Pv2+Lm9=&  "Kx4<w';
  const ways: [string, string][] = [
    ['as PHP escapes JSON', JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/')],
    ['as Go escapes JSON', secret.replaceAll('&', '\\u0026').replaceAll('<', '\\u003c').replaceAll('"', '\\"')],
    ['as HTML', secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll('/', '&#x2F;')],
    [
      'as HTML in numbers',
      [...secret].map((char) => (/\w/.test(char) ? char : `&#${char.charCodeAt(0)};`.replace('&#32;', ' '))).join(''),
    ],
    ['as a URL in small letters', encodeURIComponent(secret).toLowerCase()],
    ['with its spaces made one', secret.replaceAll('  ', ' ')],
  ];
  it.each(ways)('is hidden %s', (_, said) => {
    expect(withoutSecrets(`bad ${said}!`, kind, { headers: secret })).toBe('bad [redacted]!');
  });
});

describe('an answer of which not all was read', () => {
  const settings = { headers: '{"x-key":"secret-value"}', url: 'https://hooks.example.com/services/TOKEN0123456789' };
  const bodyOf = (body: string, truncated = true) => withoutCutSecrets({ body, truncated }, kind, settings).body;

  it('loses the beginning of a secret, or of a part of one, at its end', () => {
    expect(bodyOf('bad secret-val')).toBe('bad ');
    expect(bodyOf('no such path: TOKEN01234')).toBe('no such path: ');
    expect(bodyOf(`bad ${Buffer.from(settings.headers).toString('base64').slice(0, 10)}`)).toBe('bad ');
    expect(bodyOf('bad secret-val\uFFFD')).toBe('bad ');
    expect(bodyOf('bad form')).toBe('bad form');
  });

  it('is what it is when it was read to its end', () => {
    expect(bodyOf('bad secret-val', false)).toBe('bad secret-val');
  });

  // Seen to fail: it was shown as far as it was read.
  it('shows no part of a secret among the errors of an integration', () => {
    const answer = { status: 401, headers: {}, body: 'bad secret-val', truncated: true };
    const integration = { ...kind, title: 'Sample' } as unknown as IntegrationKind;
    expect(refusalOf(integration, settings, answer)).toBe('Sample answered 401: bad');
  });
});
