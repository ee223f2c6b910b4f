import { type Log, ManualClock, MillraceError, silentLog } from '@millrace/core';
import { expect, test, vi } from 'vitest';
import { untilFit } from './fit-store.ts';

const away = new MillraceError('store_unavailable', 'no answer');
const unfit = new MillraceError('store_unfit', 'it evicts');
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A store whose answers come to `results` in turn; undefined is fit. */
function setup(results: readonly (Error | undefined)[]) {
  const clock = new ManualClock();
  const warn = vi.fn();
  const log: Log = { ...silentLog, warn };
  const stop = new AbortController();
  let asked = 0;
  const check = async () => {
    const result = results[asked++];
    if (result) throw result;
  };
  const waiting = untilFit(check, { clock, log, signal: stop.signal });
  return { clock, warn, stop, waiting, asked: () => asked };
}

test('an outage is said once and waited out', async () => {
  const { clock, warn, waiting, asked } = setup([away, away, away]);
  for (let tries = 1; tries <= 3; tries++) {
    await turn();
    expect(asked()).toBe(tries);
    clock.advance(250);
  }
  await waiting;
  expect(warn).toHaveBeenCalledTimes(1);
});

test('a store that loses jobs is not waited for', async () => {
  await expect(setup([unfit]).waiting).rejects.toBe(unfit);
});

test('a stop ends the waiting', async () => {
  const { stop, waiting } = setup([away, away]);
  await turn();
  stop.abort(new Error('stopped'));
  await expect(waiting).rejects.toThrow('stopped');
});
