import type { Recovery } from '@millrace/core';
import { expect, it } from 'vitest';
import { OrphanStarts } from './orphan-starts.ts';
import { type Kill, recoveryTimes } from './recovery-times.ts';

const kill: Kill = { worker: 'p.1', pid: 1, drawn: 3, slot: 3, atMs: 1_000, plannedMs: 650 };
const recovery = {
  id: 'p.1',
  diedAtMs: 1_002,
  detectMs: 1.04,
  reclaimMs: 5,
  lastOrphanMs: 20,
  certificate: { cause: 'killed' },
} as unknown as Recovery;

it('counts from the signal, not from the certified death', () => {
  expect(recoveryTimes(kill, recovery, () => 9_999)).toEqual({
    worker: 'p.1',
    cause: 'killed',
    detectMs: 3,
    reclaimMs: 7,
    lastOrphanMs: 22,
  });
});

it('asks the ledger when the supervisor did not see the last orphan', () => {
  const unfinished = { ...recovery, lastOrphanMs: null };
  expect(recoveryTimes(kill, unfinished, () => 1_050).lastOrphanMs).toBe(50);
  expect(recoveryTimes(kill, undefined, () => null)).toEqual({
    worker: 'p.1',
    cause: null,
    detectMs: null,
    reclaimMs: null,
    lastOrphanMs: null,
  });
});

it('finds the last start of a killed worker’s jobs in the ledger', () => {
  const starts = new OrphanStarts();
  const entry = (id: string, outcome: string, worker: string, startedUs: number) =>
    starts.add({ id, outcome, worker, startedUs });
  entry('a', 'killed', 'w1', 1_000);
  entry('b', 'killed', 'w1', 2_000);
  entry('c', 'completed', 'w2', 99_000);
  entry('b', 'killed', 'w2', 30_000);
  entry('a', 'completed', 'w3', 20_000);
  entry('b', 'completed', 'w3', 70_000);
  expect(starts.lastOf('w1')).toBe(30);
  expect(starts.lastOf('w2')).toBe(70);
  expect(starts.lastOf('w3')).toBeNull();
});
