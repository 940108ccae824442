import { expect, it } from 'vitest';
import { formatFor } from './zone.js';

// Seen to fail with formats kept by the name as it is spelled: one each, never let go.
it('keeps one format for a zone, however it is spelled', () => {
  expect(formatFor('europe/BERLIN')).toBe(formatFor('Europe/Berlin'));
});

it('keeps the formats that are used, and not those of all zones that ever were', () => {
  const zones = Intl.supportedValuesOf('timeZone').slice(0, 300);
  const paris = formatFor('Europe/Paris');
  const first = formatFor(zones[0] as string);
  for (const zone of zones) {
    formatFor(zone);
    formatFor('Europe/Paris');
  }
  expect(formatFor('Europe/Paris')).toBe(paris);
  expect(formatFor(zones[0] as string)).not.toBe(first);
});
