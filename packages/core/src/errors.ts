/**
 * The catalogue of errors. A code is stable for ever: clients, tests and docs match on it, never on text.
 * `status` is what the HTTP API answers; `retryable` tells a client whether the same call may succeed later.
 */
export const ERROR_CATALOGUE = {
  malformed: { status: 400, retryable: false, title: 'The request cannot be read' },
  unauthorized: { status: 401, retryable: false, title: 'A valid bearer token is required' },
  forbidden: { status: 403, retryable: false, title: 'The token has no right to do this' },
  not_found: { status: 404, retryable: false, title: 'There is no such thing' },
  method_not_allowed: { status: 405, retryable: false, title: 'The resource does not take this method' },
  idempotency_conflict: { status: 409, retryable: false, title: 'The key was used with another body' },
  wrong_state: { status: 409, retryable: false, title: 'The thing is not in a state that allows this' },
  payload_too_large: { status: 413, retryable: false, title: 'The payload is over the limit' },
  unsupported_media_type: { status: 415, retryable: false, title: 'The content type is not understood' },
  invalid_data: { status: 422, retryable: false, title: 'The request is readable but not valid' },
  bulk_exceeds_bound: { status: 422, retryable: false, title: 'The bulk can never fit into the queue' },
  too_many_failures: { status: 429, retryable: true, title: 'Too many requests without a valid token' },
  queue_full: { status: 429, retryable: true, title: 'The queue is at its bound' },
  internal: { status: 500, retryable: true, title: 'A defect of Millrace' },
  store_unavailable: { status: 503, retryable: true, title: 'The store does not answer' },
  circuit_open: { status: 503, retryable: true, title: 'The pool behind the queue is down' },
  // Codes that never reach HTTP: they end a process or a command.
  config_invalid: { status: 500, retryable: false, title: 'The configuration is not valid' },
  store_unfit: { status: 500, retryable: false, title: 'The store is set up in a way that loses jobs' },
  fenced: { status: 500, retryable: false, title: 'This start was declared dead; it must exit' },
  lock_lost: { status: 500, retryable: false, title: 'Another start owns this job now' },
  handlers_invalid: { status: 500, retryable: false, title: 'A handler file cannot be used' },
  job_timeout: { status: 500, retryable: true, title: 'The handler ran past its timeout' },
  job_crashed: { status: 500, retryable: true, title: 'The thread or process that ran the handler died' },
  draining: { status: 503, retryable: true, title: 'The process is about to end' },
  result_too_large: { status: 500, retryable: false, title: 'The handler returned more than the limit' },
  usage: { status: 400, retryable: false, title: 'The command is not used like this' },
  server_unreachable: { status: 503, retryable: true, title: 'Millrace does not answer' },
  outcome_unknown: { status: 503, retryable: false, title: 'The answer was lost after sending' },
  answer_not_understood: {
    status: 502,
    retryable: false,
    title: 'What answered does not speak like Millrace',
  },
  interrupted: { status: 499, retryable: true, title: 'Stopped before it was done' },
  start_failed: { status: 500, retryable: false, title: 'The platform could not start' },
  run_unreadable: { status: 500, retryable: false, title: 'There is no run to report on' },
} as const;

/** A stable error code: one of the keys of {@link ERROR_CATALOGUE}. */
export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** One thing wrong with an input; `pointer` is a JSON Pointer (RFC 6901) into it. */
export interface Fault {
  readonly pointer: string;
  readonly message: string;
}

/** Extra members of a {@link MillraceError}; they travel into problem+json unchanged. */
export interface ErrorDetails {
  readonly faults?: readonly Fault[];
  readonly [member: string]: unknown;
}

/** The one error class of Millrace: a stable `code`, a sentence that says what to do, and details. */
export class MillraceError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MillraceError';
    this.code = code;
    this.details = options.details ?? {};
  }

  /** HTTP status of the code. */
  get status(): number {
    return ERROR_CATALOGUE[this.code].status;
  }
}

/** True when `error` is a {@link MillraceError} (with that code, when one is given). */
export function isMillraceError(error: unknown, code?: ErrorCode): error is MillraceError {
  return error instanceof MillraceError && (code === undefined || error.code === code);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
