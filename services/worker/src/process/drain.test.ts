import { ManualClock } from '@millrace/core';
import { expect, test, vi } from 'vitest';
import { createDrain } from './drain.ts';

/** A consumer whose jobs end when told; the real one is in the system tests. */
function consumer(options: { storeAway?: boolean } = {}) {
  let running = ['1'];
  const idle = Promise.withResolvers<void>();
  const calls: string[] = [];
  const never = new Promise<never>(() => undefined);
  return {
    calls,
    finish() {
      running = [];
      idle.resolve();
    },
    runningIds: () => running,
    quiesce: async () => {
      calls.push('quiesce');
      if (options.storeAway) await never;
    },
    idle: () => idle.promise,
    handBack: async () => {
      calls.push('handBack');
      return options.storeAway ? never : ['1'];
    },
  };
}

function setup(options: { storeAway?: boolean } = {}) {
  const clock = new ManualClock();
  const subject = consumer(options);
  const notices: number[] = [];
  const startMs = clock.monotonicMs();
  const drain = createDrain({
    consumers: () => [subject],
    notice: () => notices.push(clock.monotonicMs() - startMs),
    clock,
  });
  return { clock, subject, notices, drain };
}

/** Lets promises that are settled already run their callbacks. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('jobs that finish in time end the drain, unnoticed and with nothing to hand back', async () => {
  const { subject, notices, drain } = setup();
  const result = drain.begin({ timeoutMs: 1_000, noticeMs: 100 });
  subject.finish();
  expect(await result).toEqual({ handedBack: [], orderly: true });
  expect(notices).toEqual([]);
  expect(subject.calls).toEqual(['quiesce']);
});

test('handlers are told before the end, and what still runs then is handed back', async () => {
  const { clock, notices, drain } = setup();
  const result = drain.begin({ timeoutMs: 1_000, noticeMs: 100 });
  clock.advance(900);
  expect(notices).toEqual([900]);
  clock.advance(100);
  expect(await result).toEqual({ handedBack: ['1'], orderly: true });
});

test('a second call only shortens', async () => {
  const { clock, notices, drain } = setup();
  const result = drain.begin({ timeoutMs: 1_000, noticeMs: 100 });
  expect(drain.begin({ timeoutMs: 5_000, noticeMs: 100 })).toBe(result);
  drain.begin({ timeoutMs: 10, noticeMs: 10 });
  clock.advance(10);
  expect(notices).toEqual([0]);
  expect(await result).toMatchObject({ handedBack: ['1'] });
});

test('a store that is away can not hold the process', async () => {
  const { clock, drain } = setup({ storeAway: true });
  const result = drain.begin({ timeoutMs: 1_000, noticeMs: 100 });
  clock.advance(1_000);
  await turn();
  clock.advance(3_000);
  expect(await result).toEqual({ handedBack: [], orderly: false });
});

test('with its store away it ends once nothing runs, and no sooner', async () => {
  const { clock, subject, drain } = setup({ storeAway: true });
  const result = drain.begin({ timeoutMs: 100_000, noticeMs: 100 });
  const ended = vi.fn();
  result.then(ended);
  const secondsPass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      clock.advance(1_000);
      await turn();
    }
  };
  await secondsPass(50);
  expect(ended).not.toHaveBeenCalled();
  subject.finish();
  await secondsPass(3);
  expect(ended).toHaveBeenCalledWith({ handedBack: [], orderly: false });
});
