import type { ErrorCode, FieldError } from '@pipelogiq/protocol';

export interface ProblemOptions {
  errors?: FieldError[];
  retryAfterMs?: number;
  cause?: unknown;
}

/** A refusal that the caller can understand: `code` is stable, `message` says what to do. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: ErrorCode;
  readonly errors: FieldError[] | undefined;
  /** Milliseconds after which the same call may work. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: ProblemOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.errors = options.errors;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Runs `check` on one field of a request: what it refuses is named from the whole request. */
export function inField<T>(field: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const errors = error.errors?.map(({ path, message }) => ({ path: path === '' ? field : `${field}.${path}`, message }));
    throw new DomainError(error.code, `${field}: ${error.message}`, { cause: error, ...(errors && { errors }) });
  }
}

export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}

/** @param what - as `schedule` */
export const nameTaken = (what: string, name: string): DomainError =>
  new DomainError('state_conflict', `There is a ${what} ${JSON.stringify(name)} already in this application.`);

/** @param what - as `channels` */
export const tooMany = (what: string, most: number): DomainError =>
  new DomainError('state_conflict', `There are ${most} ${what} already, which is the most that an application has.`);
