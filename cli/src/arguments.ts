import {
  isoTime,
  type JobOptions,
  jobOptionsSchema,
  MillraceError,
  parseDurationMs,
  queueNameSchema,
} from '@millrace/core';
import { InvalidArgumentError } from 'commander';

/** A mistake in how a command was called: exit code 2. */
export function usage(message: string): MillraceError {
  return new MillraceError('usage', message);
}

/** `30s`, `5m`, `250` → ms. For commander: its errors name the option. */
export function durationArgument(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : text;
  try {
    return Math.round(parseDurationMs(number));
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** A whole number from `min` on. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`"${text}" is not a whole number ${range}`);
  };
}

/** A queue's name, checked before it goes into a URL. */
export function queueArgument(text: string): string {
  const parsed = queueNameSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(`"${text}" is not a queue name: it ${parsed.error.issues[0]?.message}`);
}

/** `exponential:1s`, `fixed:500ms`, `exponential:1s:0.2` (with jitter) → backoff. */
export function backoffArgument(text: string): NonNullable<JobOptions['backoff']> {
  const [type, delay, jitter, ...rest] = text.split(':');
  if ((type !== 'fixed' && type !== 'exponential') || delay === undefined || rest.length > 0) {
    throw new InvalidArgumentError(`"${text}" is not a backoff: write "exponential:1s" or "fixed:30s"`);
  }
  const backoff = { type, delayMs: durationArgument(delay) } as const;
  if (jitter === undefined) return backoff;
  const share = Number(jitter);
  if (jitter !== '' && share >= 0 && share <= 1) return { ...backoff, jitter: share };
  throw new InvalidArgumentError(`"${jitter}" is not a jitter: write a number from 0 to 1`);
}

/** `10s` from now, or a date and time → ISO 8601 in UTC. */
export function deadlineArgument(nowMs: number): (text: string) => string {
  return (text) => {
    if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text)) {
      return isoTime(nowMs + durationArgument(text));
    }
    const parsed = jobOptionsSchema.shape.deadline.safeParse(text);
    if (parsed.success && parsed.data !== undefined) return parsed.data;
    throw new InvalidArgumentError(
      `"${text}" is not a deadline: write a duration from now ("2h") or a time with its offset ("2026-01-31T18:00:00Z")`,
    );
  };
}

/** The server's address without its last slash; throws `usage` for what is no http(s) URL. */
export function parseServerUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw usage(`"${text}" is not the address of a server: write one like "http://127.0.0.1:8080"`);
  }
  if (url.username !== '' || url.password !== '') {
    throw usage('a token does not belong into the address: put it into MILLRACE_TOKEN');
  }
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}
