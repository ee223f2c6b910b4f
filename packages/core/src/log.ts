import { pino } from 'pino';

/** What anything may log to. Fields first, then a sentence; no payloads, no tokens. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
}

/** JSON lines on stderr (stdout belongs to what a command answers). `level` is one of pino's. */
export function createLog(service: string, level: string): Log {
  return pino(
    { level, base: { service }, redact: ['token', 'authorization', 'password', 'url'] },
    pino.destination(2),
  );
}

/** Logs nothing; for tests and for libraries used without one. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
