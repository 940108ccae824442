import type { Secrets } from '../../secrets/secrets.js';
import { DomainError } from '../errors.js';
import { type Configurable, parted, type Stored } from './settings.js';

/** Settings as a row holds them. */
export interface SealedSettings {
  /** JSON object of the fields that are no secrets. */
  settings: string;
  /** JSON object of those that are, sealed; null without any. */
  secrets: string | null;
}

/** Secrets are sealed for their row, as `integration:7`: what is copied to another one cannot be opened there. */
export type SealPlace = `integration:${number}` | `channel:${number}`;

/** @throws DomainError `state_conflict` when there are secrets, and no key to keep them with */
export function sealSettings(secrets: Secrets, kind: Configurable, stored: Stored, place: SealPlace): SealedSettings {
  const { open, secret } = parted(kind, stored);
  const settings = JSON.stringify(open);
  if (Object.keys(secret).length === 0) return { settings, secrets: null };
  const unavailable = secrets.unavailable();
  if (unavailable !== undefined) throw new DomainError('state_conflict', `Secrets cannot be kept here. ${unavailable}`);
  return { settings, secrets: secrets.seal(JSON.stringify(secret), place) };
}

/** @throws Error when the secrets cannot be opened: the server has another key than it had */
export function openSettings(secrets: Secrets, { settings, secrets: sealed }: SealedSettings, place: SealPlace): Stored {
  const open = JSON.parse(settings) as Stored;
  return sealed === null ? open : { ...open, ...(JSON.parse(secrets.open(sealed, place)) as Stored) };
}
