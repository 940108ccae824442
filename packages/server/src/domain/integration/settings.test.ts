import { describe, expect, it } from 'vitest';
import { json, text, webhookUrl } from '../../config-fields.js';
import { type Configurable, mergeSettings } from './settings.js';

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
});
