import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHANNEL_TYPES, type IntegrationField } from '../packages/protocol/src/index.js';
import { CHANNELS } from '../packages/server/src/channels/index.js';

const page = readFileSync(join(import.meta.dirname, '../docs/guides/channels.md'), 'utf8');

const valueCell = ({ type, choices, default: value }: IntegrationField): string =>
  `${choices ? choices.map((one) => `\`${one}\``).join(', ') : type}${value === undefined ? '' : `; default \`${value}\``}`;

/** The row of a field that is true of it. */
function rowOf(field: IntegrationField): string {
  const marks = (['required', 'secret', 'destination'] as const).filter((mark) => field[mark]).join(', ');
  return `| \`${field.name}\` | ${marks} | ${valueCell(field)} | ${field.help} |`;
}

describe('docs/guides/channels.md', () => {
  it.each(CHANNEL_TYPES)('has the fields of %s as they are, and no others', (type) => {
    const kind = CHANNELS.get(type);
    const section = page.split(/^## /m).find((text) => text.startsWith(`${kind?.title}\n`));
    const rows = (section ?? '').split(/^\| Field \|.*\n\|[-|]+\n/m)[1]?.match(/^\|.*$/gm);
    expect(rows).toEqual(kind?.fields.map(rowOf));
  });

  it('says when Opsgenie ends', () => {
    expect(page).toContain('2027-04-05');
  });
});
