import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStreamParser, type ServerSentEvent } from './event-stream.js';

/** The whole text at once, by the standard's own words: split into lines, then line by line. */
function byTheStandard(text: string): { events: ServerSentEvent[]; lastEventId: string | undefined } {
  const lines = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n').split('\n').slice(0, -1);
  const events: ServerSentEvent[] = [];
  let [data, type, idBuffer, lastEventId]: [string, string, string | undefined, string | undefined] = [
    '',
    '',
    undefined,
    undefined,
  ];
  for (const line of lines) {
    if (line === '') {
      lastEventId = idBuffer;
      if (data !== '') events.push({ id: lastEventId, type: type === '' ? 'message' : type, data: data.replace(/\n$/, '') });
      [data, type] = ['', ''];
    } else if (!line.startsWith(':')) {
      const [, field = line, value = ''] = /^([^:]*):[ ]?(.*)$/s.exec(line) ?? [];
      if (field === 'event') type = value;
      else if (field === 'data') data += `${value}\n`;
      else if (field === 'id' && !value.includes('\0')) idBuffer = value;
    }
  }
  return { events, lastEventId };
}

const word = fc.string({ maxLength: 6 }).map((text) => text.replaceAll(/[\r\n]/g, '_'));
const line = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom('data', 'id', 'event', 'retry', '', 'other'), fc.constantFrom(':', ': ', ':  '), word),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('data', 'id', 'event'), fc.constant(''), fc.constant('')) },
  { weight: 3, arbitrary: fc.constant(['', '', ''] as [string, string, string]) },
);
const stream = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 40 })
  .map((lines) => `${lines.map(([parts, end]) => parts.join('') + end).join('')}\n\n: end\n`);

describe('the parser of event streams', () => {
  it('reads what the standard says, wherever the text is cut', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), (text, cuts) => {
        const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
        const parser = new EventStreamParser();
        const events = places.slice(1).flatMap((place, index) => parser.push(text.slice(places[index], place)));
        const expected = byTheStandard(text);
        expect(events).toEqual(expected.events);
        expect(parser.lastEventId).toEqual(expected.lastEventId);
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads the examples of the standard', () => {
    const read = (text: string) => new EventStreamParser().push(text);
    expect(read('data: YHOO\ndata: +2\ndata: 10\n\n')).toEqual([{ id: undefined, type: 'message', data: 'YHOO\n+2\n10' }]);
    expect(read(': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n')).toEqual([
      { id: '1', type: 'message', data: 'first event' },
      { id: '', type: 'message', data: 'second event' },
      { id: '', type: 'message', data: ' third event' },
    ]);
    expect(read('data\n\ndata\ndata\n\ndata:')).toEqual([
      { id: undefined, type: 'message', data: '' },
      { id: undefined, type: 'message', data: '\n' },
    ]);
  });

  it('takes an id that comes without data, and the time after which to come back', () => {
    const parser = new EventStreamParser('before');
    expect(parser.push('retry: 1500\nretry: soon\n\n')).toEqual([]);
    expect([parser.lastEventId, parser.retryMs]).toEqual(['before', 1_500]);
    expect(parser.push(': heartbeat\nid: next\n')).toEqual([]);
    expect(parser.lastEventId).toBe('before'); // the block is not over
    parser.push('\n');
    expect(parser.lastEventId).toBe('next');
  });
});
