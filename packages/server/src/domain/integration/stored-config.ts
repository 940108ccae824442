import type { Secrets } from '../../secrets/secrets.js';
import type { IntegrationConfigRow } from '../../store/store.js';
import { openSettings } from './sealed-settings.js';
import type { Stored } from './settings.js';

/** @throws Error when the secrets cannot be opened: the server has another key than it had */
export const storedOf = (secrets: Secrets, row: Pick<IntegrationConfigRow, 'id' | 'settings' | 'secrets'>): Stored =>
  openSettings(secrets, row, `integration:${row.id}`);
