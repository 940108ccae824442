import type { Secrets } from '../../secrets/secrets.js';
import type { AlertChannelRow } from '../../store/store.js';
import type { Settings } from '../integration/kind.js';
import { openSettings } from '../integration/sealed-settings.js';
import { type Stored, withDefaults } from '../integration/settings.js';
import type { ChannelKind } from './channel.js';

/** @throws Error when the secrets cannot be opened: the server has another key than it had */
export const storedChannel = (secrets: Secrets, row: Pick<AlertChannelRow, 'id' | 'settings' | 'secrets'>): Stored =>
  openSettings(secrets, row, `channel:${row.id}`);

export const channelSettings = (secrets: Secrets, kind: ChannelKind, row: AlertChannelRow): Settings =>
  withDefaults(kind, storedChannel(secrets, row));
