import { DomainError } from '../errors.js';

/** One field of a request is wrong. */
export const invalid = (path: string, message: string): DomainError =>
  new DomainError('invalid_request', `${path} ${message}.`, { errors: [{ path, message }] });
