import { randomUUID } from 'node:crypto';
import { ERROR_CATALOGUE, type ErrorCode, isMillraceError, type Log, MillraceError } from '@millrace/core';

/** An error as RFC 9457 has it; `code` is the stable part. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly [member: string]: unknown;
}

/** A refusal, ready to send. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly problem: Problem;
  readonly told: MillraceError;
}

function headersOf({ code, details }: MillraceError): Record<string, string> {
  const { retryAfterMs, allow } = details;
  return {
    ...(typeof retryAfterMs === 'number' ? { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) } : {}),
    ...(typeof allow === 'string' ? { allow } : {}),
    ...(code === 'unauthorized' ? { 'www-authenticate': 'Bearer realm="millrace"' } : {}),
  };
}

/** A MillraceError in problem+json's words. Details become members, but never replace the fixed ones. */
export function problemOf(error: MillraceError): Problem {
  const { code, details } = error;
  const { status, title } = ERROR_CATALOGUE[code];
  return { ...details, type: `urn:millrace:error:${code}`, title, status, code, detail: error.message };
}

/** Errors of Express and Node about the request itself carry a 4xx status. */
function isClientFault(error: unknown): error is Error {
  const status = (error as { status?: unknown } | null)?.status;
  return error instanceof Error && typeof status === 'number' && status >= 400 && status < 500;
}

/** What was thrown, as one of the catalogue's errors; a defect is logged, and the client told under which id. */
export function toMillraceError(error: unknown, log: Log): MillraceError {
  if (isMillraceError(error)) return error;
  if (isClientFault(error))
    return new MillraceError('malformed', `The request cannot be read: ${error.message}`);
  const instance = `urn:uuid:${randomUUID()}`;
  log.error(
    { instance, error: error instanceof Error ? error.stack : String(error) },
    'a request met a defect',
  );
  return new MillraceError('internal', `A defect of Millrace; its log tells more under ${instance}.`, {
    details: { instance },
  });
}

/** Turns anything that was thrown into the answer that tells of it. */
export function refusalOf(error: unknown, log: Log): Refusal {
  const told = toMillraceError(error, log);
  return { status: told.status, headers: headersOf(told), problem: problemOf(told), told };
}
