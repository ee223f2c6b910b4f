import type { PoolStatus } from '@millrace/core';
import { expect, test } from 'vitest';
import { assertResumable } from './pools.ts';

const pool = (name: string, state: PoolStatus['state'], desired = 1): PoolStatus => ({
  ...{ name, state, strategy: 'one_for_one', restart: 'permanent', desired, pods: 0, queues: [name] },
  ...{ restarts: { used: 0, intensity: 5, periodMs: 30_000 }, circuit: null },
});

test.each(['open', 'half-open', 'stopped'] as const)('a pool that is %s can be resumed', (state) => {
  expect(() => assertResumable([pool('mail', state)], 'mail')).not.toThrow();
});

test.each([
  ['runs', [pool('mail', 'running')], /is running: it has not given up/],
  ['is being started', [pool('mail', 'starting')], /is starting: it has not given up/],
  ['is to have no pods', [pool('mail', 'stopped', 0)], /to have no pods/],
  [
    'waits for another',
    [pool('jobs', 'running'), pool('cache', 'open'), pool('mail', 'waiting')],
    /waits for pool "cache": resume that one/,
  ],
  [
    'waits for the trial of a later one',
    [pool('mail', 'waiting'), pool('cache', 'half-open')],
    /waits for pool "cache": resume that one/,
  ],
  ['is ended still', [pool('cache', 'running'), pool('mail', 'waiting')], /starts by itself/],
])('one that %s cannot, and the refusal says what to do', (_, pools, message) => {
  expect(() => assertResumable(pools, 'mail')).toThrow(
    expect.objectContaining({ code: 'wrong_state', message: expect.stringMatching(message) }),
  );
});
