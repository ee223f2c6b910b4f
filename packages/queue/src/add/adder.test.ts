import { MillraceError, systemClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { queueKeys } from '../keys.ts';
import { Adder } from './adder.ts';

const JOB = { name: 'job', data: null, opts: {} };

test('adds that wait behind calls which a silent store never answers end with those calls, unsent', async () => {
  const calls: PromiseWithResolvers<unknown>[] = [];
  const adder = new Adder({
    keys: queueKeys('p', 'q'),
    clock: systemClock,
    bound: 1_000,
    maxBytes: 1_000,
    send() {
      const call = Promise.withResolvers<unknown>();
      calls.push(call);
      return call.promise;
    },
  });
  const adds = Array.from({ length: 200 }, () => adder.add([JOB]));
  const outcomes = Promise.allSettled(adds);
  await expect.poll(() => calls.length).toBe(2);

  const details = { sent: true, retryAfterMs: 1_000 };
  for (const call of calls) call.reject(new MillraceError('store_unavailable', 'no answer', { details }));

  const sent = (await outcomes).map(
    (outcome) => outcome.status === 'rejected' && outcome.reason.details.sent,
  );
  expect(sent).toEqual([...Array(128).fill(true), ...Array(72).fill(false)]);
  expect(calls.length).toBe(2);
});
