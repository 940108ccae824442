/**
 * What went wrong, in words that name no path, host or user: they stand in an answer that is open to everybody. The database's own
 * words go to `details`.
 */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(SQLITE_FULL|ENOSPC|53100)/, 'the disk is full'],
  [/^(SQLITE_READONLY|EROFS|25006)/, 'it may only be read'],
  [/^(SQLITE_CORRUPT|SQLITE_NOTADB|XX001|XX002)/, 'a page is damaged'],
  [/^(SQLITE_BUSY|SQLITE_LOCKED)/, 'another program holds it'],
  [/^(SQLITE_CANTOPEN|ENOENT)/, 'it cannot be opened'],
  [/^(SQLITE_PERM|EACCES|EPERM|42501)/, 'the rights are missing'],
  [/^SQLITE_IOERR/, 'an input or output error of its disk'],
  [/^(SQLITE_NOMEM|53200)/, 'memory is short'],
  [/^ECONNREFUSED/, 'the connection is refused'],
  [/^(ENOTFOUND|EAI_AGAIN)/, 'its host name is not known'],
  [/^(ECONNRESET|EPIPE|08)/, 'the connection was lost'],
  [/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)/, 'it cannot be reached'],
  [/^28/, 'it refuses the user or the password'],
  [/^3D/, 'there is no such database'],
  [/^53/, 'it has no connection left'],
  [/^57/, 'it is stopping or starting'],
];

/** Codes of an error, of its causes, and of the errors that an AggregateError holds. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const { code } = error as { code?: unknown };
  const inner = error instanceof AggregateError ? error.errors : [];
  return [...(typeof code === 'string' ? [code] : []), ...[error.cause, ...inner].flatMap(codesOf)];
}

/** `the disk is full`; of an error that has no code of ours, only that there was one. */
export function wordsFor(error: unknown): string {
  const codes = codesOf(error);
  const known = WORDS.find(([pattern]) => codes.some((code) => pattern.test(code)));
  return known?.[1] ?? 'of an error that stands in the log';
}

/** The error's own words, for callers who may read. */
export const ownWords = (error: unknown): string =>
  error instanceof Error
    ? [error.message, ...(error.cause === undefined ? [] : [ownWords(error.cause)])].join(': ')
    : String(error);
