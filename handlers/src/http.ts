import { messageOf, systemClock } from '@millrace/core';
import { defineHandler, fail } from '@millrace/sdk';
import { readText } from './webhook/read-text.ts';
import { fetchOptions, requestSchema, shownUrl } from './webhook/request.ts';

/** Most bytes of an answer's body, decompressed: with its headers it fits into a job's result. */
const BODY_MAX_BYTES = 128 * 1024;

/** Answers that may be different next time: timeout, too early, too many requests, and the server's own failures. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

/** Why a request had no answer. undici says only "fetch failed" and keeps the reason in the cause. */
function whyOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return messageOf(cause ?? error);
}

/**
 * Calls a webhook: `{url, method?, headers?, body?, timeoutMs?}` → `{status, headers, body}`. Any answer is the
 * result, except those that a later attempt may better; an answer over 128 KiB fails the job for good, unread.
 */
export default defineHandler({
  queue: 'http',
  name: 'http',
  input: requestSchema,
  timeout: '6m',
  retry: { attempts: 5, backoff: 'exponential', base: '1s', jitter: 0.2 },
  async run({ data, signal }) {
    const call = `${data.method} ${shownUrl(data.url)}`;
    const timeout = new AbortController();
    const timer = systemClock.after(data.timeoutMs, () => timeout.abort());
    try {
      const either = AbortSignal.any([signal, timeout.signal]);
      const response = await fetch(data.url, { ...fetchOptions(data), signal: either });
      const body = await readText(response, BODY_MAX_BYTES);
      if (isPassing(response.status)) return fail(`${call} answered ${response.status}`);
      if (body === null) {
        return fail(`${call} answered more than ${BODY_MAX_BYTES} bytes`, { retry: false });
      }
      return { status: response.status, headers: Object.fromEntries(response.headers), body };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (timeout.signal.aborted) return fail(`${call} did not answer within ${data.timeoutMs} ms`);
      return fail(`${call} failed: ${whyOf(error)}`);
    } finally {
      timer.cancel();
    }
  },
});
