import type { IncomingMessage } from 'node:http';
import type { ErrorCode, Log } from '@millrace/core';
import type { Caller } from './caller.ts';

/** What was done to what; values are short. */
export type AuditDetails = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** A request that may change something, as it ended. */
export interface Deed {
  /** The operation's id in /openapi.json; null when the request did not come that far. */
  readonly action: string | null;
  readonly method: string;
  readonly path: string;
  /** Null when nobody showed who they are. */
  readonly caller: Caller | null;
  readonly address: string;
  readonly trace: string | null;
  /** Of the answer; 499 when the client left before it. */
  readonly status: number;
  readonly code: ErrorCode | null;
  readonly target: AuditDetails;
}

/** What the audit log holds of one deed: docs/security.md. */
export interface AuditLine {
  readonly audit: 1;
  readonly action: string | null;
  readonly outcome: 'done' | 'refused' | 'failed';
  readonly by: string | null;
  readonly role: string | null;
  readonly address: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly code: ErrorCode | null;
  readonly trace: string | null;
  readonly target: AuditDetails;
}

const MOST_PATH_CHARACTERS = 256;
const MOST_VALUE_CHARACTERS = 256;
/** Version 00 ends there; a later one may go on, and ff is none. */
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|(?<!^00.*)-)/;
const READING: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** True for requests that may change something. */
export function mayChange({ method }: Pick<IncomingMessage, 'method'>): boolean {
  return !READING.includes(method ?? '');
}

/** The trace that a request belongs to (W3C Trace Context); null without a valid `traceparent`. */
export function traceIdOf(traceparent: unknown): string | null {
  return typeof traceparent === 'string' ? (TRACEPARENT.exec(traceparent)?.[1] ?? null) : null;
}

function outcomeOf(status: number): AuditLine['outcome'] {
  if (status < 400) return 'done';
  return status < 499 ? 'refused' : 'failed';
}

const shortened = (value: AuditDetails[string]) =>
  typeof value === 'string' ? value.slice(0, MOST_VALUE_CHARACTERS) : value;

/** The line that tells of `deed`. */
export function auditLine(deed: Deed): AuditLine {
  const { action, method, path, caller, address, trace, status, code, target } = deed;
  return {
    audit: 1,
    action,
    outcome: outcomeOf(status),
    by: caller?.name ?? null,
    role: caller?.role ?? null,
    address,
    method,
    path: path.slice(0, MOST_PATH_CHARACTERS),
    status,
    code,
    trace,
    target: Object.fromEntries(Object.entries(target).map(([name, value]) => [name, shortened(value)])),
  };
}

/** Writes `line`, with one word of what it tells as its message. */
export function writeAudit(log: Log, line: AuditLine): void {
  log.info(line, `audit: ${line.outcome}`);
}
