import { writeSync } from 'node:fs';
import { pino } from 'pino';

/** What anything may log to. Fields first, then a sentence; no payloads, no tokens. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
}

/**
 * JSON lines on stderr (stdout belongs to what a command answers). `level` is one of pino's. `fields` are read for each
 * line: what runs just then, as its trace.
 */
export function createLog(service: string, level: string, fields: () => object = () => ({})): Log {
  return pino(
    {
      ...{ level, base: { service }, mixin: () => fields() },
      redact: ['token', 'authorization', 'password', 'url'],
    },
    stderrLines(),
  );
}

const STDERR = 2;

/** What this process has logged so far, as it was written. */
export interface Logged {
  readonly lines: number;
  readonly bytes: number;
}

const written = { lines: 0, bytes: 0 };

/** Of all logs of this process. */
export const logged = (): Logged => ({ ...written });

/**
 * Writes each line at once, so that none is lost by an exit, and drops what cannot be written: a log that nobody reads
 * must hold up nobody. (pino's own destination keeps lines until the exit, and there waits for ever on a broken pipe.)
 */
function stderrLines(): { write(line: string): void } {
  let isCutOff = false;
  return {
    write(line) {
      const bytes = Buffer.from(isCutOff ? `\n${line}` : line);
      let out = 0;
      written.lines += 1;
      written.bytes += bytes.length;
      try {
        while (out < bytes.length) out += writeSync(STDERR, bytes, out);
        isCutOff = false;
      } catch {
        isCutOff ||= out > 0;
      }
    },
  };
}

/** Logs nothing; for tests and for libraries used without one. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
