import type { Secrets } from '../../secrets/secrets.js';
import type { AlertChannelRow } from '../../store/store.js';
import type { Settings } from '../integration/kind.js';
import { openSettings } from '../integration/sealed-settings.js';
import { type Stored, withDefaults } from '../integration/settings.js';
import type { ChannelKind, Verdict } from './channel.js';

/** @throws Error when the secrets cannot be opened: the server has another key than it had */
export const storedChannel = (secrets: Secrets, row: Pick<AlertChannelRow, 'id' | 'settings' | 'secrets'>): Stored =>
  openSettings(secrets, row, `channel:${row.id}`);

export const channelSettings = (secrets: Secrets, kind: ChannelKind, row: AlertChannelRow): Settings =>
  withDefaults(kind, storedChannel(secrets, row));

/** Channels that are kept open. */
const MOST = 200;

/** Settings as they were opened last: many messages of a channel go out with the same. */
export class OpenedChannels {
  readonly #secrets: Secrets;
  readonly #opened = new Map<number, { row: AlertChannelRow; settings: Settings }>();

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  /** @throws as `storedChannel` */
  settingsOf(kind: ChannelKind, row: AlertChannelRow): Settings {
    const before = this.#opened.get(row.id);
    if (before?.row.settings === row.settings && before.row.secrets === row.secrets) return before.settings;
    const settings = channelSettings(this.#secrets, kind, row);
    if (this.#opened.size >= MOST) this.#opened.clear();
    this.#opened.set(row.id, { row, settings });
    return settings;
  }
}

/** Its settings as the provider wants them after these answers; nothing where it wants no change. */
export function changedSettings(
  { settings }: Pick<AlertChannelRow, 'settings'>,
  verdicts: readonly Verdict[],
): { settings?: string } {
  const changes = verdicts.flatMap((verdict) => (verdict.kind === 'later' && verdict.change ? [verdict.change] : []));
  return changes.length === 0 ? {} : { settings: JSON.stringify(Object.assign(JSON.parse(settings) as Stored, ...changes)) };
}
