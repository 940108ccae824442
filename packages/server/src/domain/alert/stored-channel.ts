import type { Secrets } from '../../secrets/secrets.js';
import type { AlertChannelRow } from '../../store/store.js';
import type { Settings } from '../integration/kind.js';
import { type Stored, withDefaults } from '../integration/settings.js';
import type { ChannelKind } from './channel.js';

/** Sealed for the row: what is copied to another one cannot be opened there. */
export const placeOfChannel = (id: number): string => `channel:${id}`;

/** @throws Error when the secrets cannot be opened: the server has another key than it had */
export function storedChannel(
  secrets: Secrets,
  { id, settings, secrets: sealed }: Pick<AlertChannelRow, 'id' | 'settings' | 'secrets'>,
): Stored {
  const open = JSON.parse(settings) as Stored;
  return sealed === null ? open : { ...open, ...(JSON.parse(secrets.open(sealed, placeOfChannel(id))) as Stored) };
}

export const channelSettings = (secrets: Secrets, kind: ChannelKind, row: AlertChannelRow): Settings =>
  withDefaults(kind, storedChannel(secrets, row));
