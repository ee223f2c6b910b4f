import { type Circuit, silentLog, systemClock } from '@millrace/core';
import type { QueueSupervision } from '@millrace/queue';
import { afterEach, expect, test } from 'vitest';
import { until } from '../../../../tests/support/queue.ts';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';

const circuit: Circuit = { pool: 'default', reason: 'it died', sinceMs: 1, retryAtMs: 2 };
const stops: CircuitBreaker[] = [];
afterEach(() => Promise.all(stops.splice(0).map((each) => each.stop())));

function breaker(failures = 0) {
  const written: string[] = [];
  const world = { failures, leads: true };
  const supervision = {
    async setCircuit(queue: string, to: Circuit | null) {
      world.failures -= 1;
      if (world.failures >= 0) throw new Error('the store does not answer');
      written.push(`${queue} ${to?.retryAtMs ?? 'closed'}`);
    },
  } as unknown as QueueSupervision;
  const made = createCircuitBreaker({
    ...{ store: { supervision }, clock: systemClock, log: silentLog },
    leads: () => world.leads,
  });
  stops.push(made);
  return { ...made, world, written };
}

test('writes what has changed, and only that', async () => {
  const { want, written } = breaker();
  want(new Map([['a', circuit]]));
  want(
    new Map([
      ['a', circuit],
      ['b', null],
    ]),
  );
  await until(() => written.length === 2, 'both are written');
  want(new Map([['a', { ...circuit, retryAtMs: 3 }]]));
  await until(() => written.length === 3, 'the change is written');
  expect(written).toEqual(['a 2', 'b closed', 'a 3']);
});

test('an outage of the store delays it, and the last word stays the last', async () => {
  const { want, written } = breaker(2);
  want(new Map([['a', circuit]]));
  want(new Map([['a', null]]));
  await until(() => written.at(-1) === 'a closed', 'the last word is written');
  expect(written).toEqual(['a 2', 'a closed']);
});

test('who leads no more writes nothing; who leads again writes everything', async () => {
  const { want, assert, written, world } = breaker();
  world.leads = false;
  want(new Map([['a', circuit]]));
  await new Promise((resolve) => setImmediate(resolve));
  expect(written).toEqual([]);
  world.leads = true;
  assert(new Map([['a', circuit]]));
  await until(() => written.length > 0, 'it is written');
  expect(written).toEqual(['a 2']);
});

test('what is asserted is written whatever was written before', async () => {
  const { want, assert, written } = breaker();
  want(new Map([['a', null]]));
  await until(() => written.length === 1, 'it is written');
  assert(new Map([['a', null]]));
  await until(() => written.length === 2, 'it is written again');
  expect(written).toEqual(['a closed', 'a closed']);
});
