import type { UserRow } from '../../store/store.js';
import { invalid } from './invalid.js';

/** By which a user is found: names that differ in case or in how letters are composed are one. */
export const usernameKey = (username: string): string => username.normalize('NFKC').toLowerCase();

/** @throws DomainError `invalid_request` for a password that is too short, or the name itself */
export function checkPassword(password: string, username: string, minLength: number, path: string): void {
  if ([...password].length < minLength) throw invalid(path, `must have ${minLength} or more characters`);
  if (usernameKey(password) === usernameKey(username)) throw invalid(path, 'must not be the username');
}

export const newUserRow = (
  id: number,
  username: string,
  now: number,
  given: Pick<UserRow, 'role' | 'password_hash'>,
): UserRow => ({
  id,
  username: username.normalize('NFKC'),
  username_key: usernameKey(username),
  created_at: now,
  last_login_at: null,
  disabled_at: null,
  ...given,
});
