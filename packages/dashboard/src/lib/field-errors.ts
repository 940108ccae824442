import { ApiError } from '../api/problem.js';

/** What the server says of a field: its own message, or that of something within it. */
export function fieldError(error: unknown, name: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const own = error.errors.find(({ path }) => path === name);
  if (own) return own.message;
  const within = error.errors.find(({ path }) => path.startsWith(`${name}.`) || path.startsWith(`${name}[`));
  return within && `${within.path} ${within.message}`;
}
