import { expect, test } from 'vitest';
import type { QueueActivity } from '../ipc.ts';
import { noDurations } from '../telemetry/job-durations.ts';
import { noCounts } from '../telemetry/queue-counts.ts';
import { CONSUMING_WITHIN_MS, consumes, owedSince, proveAll } from './liveness.ts';

const ended = { ok: 0, fail: 0, cancel: 0, snooze: 0, returned: 0, killed: 0 };
const queue = (over: Partial<QueueActivity>): QueueActivity => ({
  queue: 'q',
  busy: 0,
  slots: 4,
  cycles: 1,
  connected: true,
  ended,
  durations: noDurations(),
  counts: noCounts(),
  ...over,
});
const LATER = CONSUMING_WITHIN_MS + 1;

/** Whether a process that said `first` at 0 and `then` past the limit is live. */
const liveAfter = (first: QueueActivity[], then: QueueActivity[]) =>
  consumes(proveAll(proveAll(owedSince(0), first, 0), then, LATER), LATER);

test('an idle queue is consumed as long as its blocking reads return', () => {
  expect(liveAfter([queue({ cycles: 5 })], [queue({ cycles: 6 })])).toBe(true);
});

test('alive and consuming nothing is not live', () => {
  expect(liveAfter([queue({ cycles: 5 })], [queue({ cycles: 5 })])).toBe(false);
});

test('a long job is no fault', () => {
  expect(liveAfter([queue({ cycles: 5 })], [queue({ cycles: 5, busy: 1 })])).toBe(true);
});

test('an unreachable store is no fault, and the limit counts anew from its return', () => {
  const away = proveAll(proveAll(owedSince(0), [queue({})], 0), [queue({ connected: false })], LATER);
  const back = proveAll(away, [queue({})], LATER + 1);
  expect(consumes(back, LATER + 1)).toBe(true);
  expect(consumes(proveAll(back, [queue({})], 2 * LATER + 1), 2 * LATER + 1)).toBe(false);
});

test('one dead queue is not hidden by a lively one', () => {
  const dead = queue({ queue: 'dead' });
  expect(liveAfter([queue({ cycles: 1 }), dead], [queue({ cycles: 9 }), dead])).toBe(false);
});

test('an active process that never says a word is not live for ever', () => {
  expect(consumes(owedSince(0), CONSUMING_WITHIN_MS)).toBe(true);
  expect(consumes(owedSince(0), LATER)).toBe(false);
});
