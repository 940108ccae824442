import type { FieldError, Problem } from '@pipelogiq/protocol';

/** What the server refused, or that it could not be reached. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** As in docs/reference/errors.md; `unreachable` when there was no answer. */
  readonly code: string;
  readonly requestId: string | undefined;
  readonly errors: readonly FieldError[];
  /** Milliseconds that the server asks to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    from: {
      status: number;
      code: string;
      requestId?: string | undefined;
      errors?: readonly FieldError[];
      retryAfterMs?: number | undefined;
    },
  ) {
    super(message);
    this.status = from.status;
    this.code = from.code;
    this.requestId = from.requestId;
    this.errors = from.errors ?? [];
    this.retryAfterMs = from.retryAfterMs;
  }
}

/** The error of a refused call; also where a proxy answered with something else than a problem. */
export async function errorOf(response: Response): Promise<ApiError> {
  const { status, headers } = response;
  const retryAfter = Number(headers.get('retry-after'));
  const retryAfterMs = retryAfter > 0 ? retryAfter * 1_000 : undefined;
  const requestId = headers.get('x-request-id') ?? undefined;
  const isProblem = headers.get('content-type')?.startsWith('application/problem+json');
  const problem = isProblem ? ((await response.json().catch(() => undefined)) as Problem | undefined) : undefined;
  if (!problem)
    return new ApiError(`The server answered ${status} ${response.statusText}`.trim(), {
      status,
      code: 'unexpected',
      requestId,
      retryAfterMs,
    });
  const { code, detail, title, errors } = problem;
  return new ApiError(detail ?? title, {
    status,
    code,
    requestId: problem.requestId ?? requestId,
    retryAfterMs,
    ...(errors && { errors }),
  });
}

/** Text for people, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
