import type { PoolStatus } from '@millrace/core';
import { expect, test } from 'vitest';
import { conditionsOf, statusText } from './conditions.ts';

const pool = (part: Partial<PoolStatus> = {}): PoolStatus => ({
  ...{ name: 'p', state: 'running', strategy: 'one_for_one', restart: 'permanent', desired: 2, pods: 2 },
  ...{ queues: [], restarts: { used: 0, intensity: 5, periodMs: 1 }, circuit: null },
  ...part,
});
const shown = (storeFaults: readonly string[], pools: readonly PoolStatus[]) =>
  Object.fromEntries(
    conditionsOf({ storeFaults, pools }).map(({ type, status, reason }) => [type, `${status} ${reason}`]),
  );

test('all is well', () => {
  expect(shown([], [pool()])).toEqual({
    ...{ Ready: 'True Working', StoreReady: 'True StoreFit' },
    ...{ PoolsWhole: 'True NoCircuitOpen', PodsReady: 'True AllLinked' },
  });
});

test('a pool that gave up, one that is short of pods, and a store that is away', () => {
  const circuit = { pool: 'p', reason: 'It died.', sinceMs: 1, retryAtMs: null };
  expect(shown([], [pool({ circuit })])).toMatchObject({
    Ready: 'False PoolGaveUp',
    PoolsWhole: 'False PoolGaveUp',
  });
  expect(shown([], [pool({ pods: 1 })])).toMatchObject({
    Ready: 'True Working',
    PodsReady: 'False PodsMissing',
  });
  expect(shown(['Away.'], [pool()])).toMatchObject({
    Ready: 'False StoreAway',
    StoreReady: 'False StoreAway',
  });
  const message = conditionsOf({ storeFaults: [], pools: [pool({ circuit })] })[0]?.message;
  expect(message).toBe('Pool "p": It died.');
});

test('one line a pool', () => {
  expect(statusText([pool(), pool({ name: 'q', pods: 0 })])).toBe(
    'p: running, 2 of 2 pods\nq: running, 0 of 2 pods',
  );
});
