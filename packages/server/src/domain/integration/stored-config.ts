import type { Secrets } from '../../secrets/secrets.js';
import type { IntegrationConfigRow } from '../../store/store.js';
import type { Stored } from './settings.js';

/** Sealed for the row: what is copied to another one cannot be opened there. */
export const placeOf = (configId: number): string => `integration:${configId}`;

/** @throws Error when the secrets cannot be opened: the server has another key than it had */
export function storedOf(
  secrets: Secrets,
  { id, settings, secrets: sealed }: Pick<IntegrationConfigRow, 'id' | 'settings' | 'secrets'>,
): Stored {
  const open = JSON.parse(settings) as Stored;
  return sealed === null ? open : { ...open, ...(JSON.parse(secrets.open(sealed, placeOf(id))) as Stored) };
}
