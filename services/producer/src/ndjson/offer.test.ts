import { ManualClock, MillraceError } from '@millrace/core';
import { beforeEach, describe, expect, test } from 'vitest';
import type { LineResult } from '../schemas/answers.ts';
import { type Offer, offerAll } from './offer.ts';

const full = (retryAfterMs: number, drainPerSecond = 20) =>
  new MillraceError('queue_full', 'full', { details: { retryAfterMs, drainPerSecond } });
const open = (retryAfterMs: number) =>
  new MillraceError('circuit_open', 'The pool is down.', { details: { retryAfterMs } });
const away = (sent: boolean) => new MillraceError('store_unavailable', 'away', { details: { sent } });

let clock: ManualClock;
let results: LineResult[];
let tries: number[];
let waits: number[];
beforeEach(() => {
  clock = new ManualClock();
  results = [];
  tries = [];
  waits = [];
});

/** Offers lines 1 to `lines`; time passes whenever the offerer waits. */
async function offer(
  lines: number,
  admit: (line: number) => string | MillraceError,
  stop = new AbortController(),
) {
  const impatient = Object.assign(Object.create(clock) as ManualClock, {
    sleep: async (ms: number) => {
      waits.push(ms);
      clock.advance(ms);
    },
    monotonicMs: () => clock.monotonicMs(),
  });
  const offers: Offer[] = Array.from({ length: lines }, (_, index) => ({
    line: index + 1,
    async admit() {
      tries.push(index + 1);
      const answer = admit(index + 1);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  }));
  const width = { lines: 128, most: 128 };
  const context = {
    clock: impatient,
    deadlineMs: 500,
    stop: stop.signal,
    width,
    toMillraceError: (error: unknown) => error as MillraceError,
  };
  await offerAll(offers, context, async (some) => void results.push(...some));
  return width;
}

describe('lines that the queue takes', () => {
  test('are offered all at once', async () => {
    await offer(3, (line) => `id-${line}`);
    expect(results).toEqual([1, 2, 3].map((line) => ({ line, status: 202, id: `id-${line}` })));
    expect(waits).toEqual([]);
  });
});

describe('a line that finds the queue full', () => {
  test('waits as long as it was told and is offered again, before those after it', async () => {
    let places = 2;
    await offer(4, (line) => {
      if (places-- > 0) return `id-${line}`;
      if (waits.length < 2) return full(40);
      return `id-${line}`;
    });
    expect(results.map(({ line }) => line)).toEqual([1, 2, 3, 4]);
    expect(results.every(({ status }) => status === 202)).toBe(true);
    expect(waits).toEqual([40, 40]);
    expect(tries).toEqual([1, 2, 3, 4, 3, 3, 4]);
  });

  test('knocks once a wait, not with all lines behind it, and speeds up again', async () => {
    const width = await offer(64, (line) => (waits.length < 3 ? full(10) : `id-${line}`));
    expect(tries.length).toBe(64 + 2 + 64);
    expect(width.lines).toBe(128);
  });

  test('believes no long wait: the queue may be faster now, or resumed', async () => {
    await offer(1, (line) => (waits.length < 1 ? full(9_000) : `id-${line}`));
    await offer(1, (line) => (waits.length < 2 ? full(60_000, 0) : `id-${line}`));
    expect(waits).toEqual([1_000, 250]);
  });

  test('is told of the end when the process is about to end: it was not added', async () => {
    const stop = new AbortController();
    await offer(
      2,
      () => {
        stop.abort();
        return full(40);
      },
      stop,
    );
    expect(results).toEqual([
      expect.objectContaining({ line: 1, status: 503, code: 'draining' }),
      expect.objectContaining({ line: 2, status: 503, code: 'draining' }),
    ]);
  });
});

describe('a store that is away', () => {
  test('is waited for within the deadline when nothing was sent', async () => {
    await offer(2, (line) => (waits.length < 3 ? away(false) : `id-${line}`));
    expect(results.map(({ status }) => status)).toEqual([202, 202]);
  });

  test('is a refusal after the deadline', async () => {
    await offer(1, () => away(false));
    expect(results).toEqual([expect.objectContaining({ line: 1, status: 503, code: 'store_unavailable' })]);
    expect(clock.nowMs() - 1_000_000).toBe(500);
  });

  test('is a refusal at once when the outcome is unknown: an offer again might add twice', async () => {
    await offer(1, () => away(true));
    expect(tries).toEqual([1]);
    expect(results).toEqual([expect.objectContaining({ line: 1, status: 503, code: 'store_unavailable' })]);
  });
});

describe('a circuit that is open', () => {
  test('is waited for, and looked at every second: an operator may close it', async () => {
    await offer(3, (line) => (waits.length < 7 ? open(5_000) : `id-${line}`));
    expect(results.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(waits).toEqual(Array(7).fill(1_000));
  });

  test('is a refusal of every line that has waited for half a minute, and nothing is lost', async () => {
    await offer(3, () => open(300_000));
    expect(results).toEqual(
      [1, 2, 3].map((line) => ({
        line,
        status: 503,
        code: 'circuit_open',
        detail: 'The pool is down.',
        retryAfterMs: 300_000,
      })),
    );
    expect(clock.nowMs() - 1_000_000).toBe(30_000);
  });

  test('that closed in between is waited for anew', async () => {
    const elapsedMs = () => clock.nowMs() - 1_000_000;
    const closesAtMs = [20_000, 45_000];
    await offer(2, (line) => (elapsedMs() < (closesAtMs[line - 1] as number) ? open(5_000) : `id-${line}`));
    expect(results.map(({ line, status }) => [line, status])).toEqual([
      [1, 202],
      [2, 202],
    ]);
  });
});
