import type { DeathCertificate } from '@millrace/core';
import { expect, test } from 'vitest';
import { beginRecovery, endRecovery, mergeOrphans, orphanCount } from './record.ts';

const certificate: DeathCertificate = {
  ...{ worker: 'p.1', pod: 'p', pid: 1, slot: 0, cause: 'crash', exitCode: 1, exitSignal: null },
  ...{ diedAtMs: 1_000, certifiedAtMs: 1_012.345, evidence: [] },
  ...{ blame: 'jobs', lastLines: [], peakRssBytes: null, memoryLimitBytes: null, beats: [] },
};
const recovery = beginRecovery(certificate);

test('begins with the time it took to notice', () => {
  expect(recovery).toMatchObject({
    id: 'p.1',
    detectMs: 12.35,
    reclaimMs: null,
    state: 'running',
    orphans: {},
  });
});

test('ends with the first and the last orphan seen, and without a last one while any is missing', () => {
  const two = { ...recovery, orphans: { a: ['1'], b: ['2'] } };
  expect(orphanCount(two)).toBe(2);
  expect(endRecovery(two, [1_050, 1_030])).toMatchObject({
    firstOrphanMs: 30,
    lastOrphanMs: 50,
    state: 'done',
  });
  expect(endRecovery(two, [1_030])).toMatchObject({ firstOrphanMs: 30, lastOrphanMs: null, state: 'done' });
  expect(endRecovery(recovery, [])).toMatchObject({ firstOrphanMs: null, lastOrphanMs: null, state: 'done' });
});

test('an orphan seen by the store’s clock before our death counts as at once', () => {
  expect(endRecovery({ ...recovery, orphans: { a: ['1'] } }, [999])).toMatchObject({ lastOrphanMs: 0 });
});

test('orphans of two supervisors are each counted once, queues without any left out', () => {
  const merged = mergeOrphans(
    { a: ['1', '2'] },
    new Map([
      ['a', ['2', '3']],
      ['b', []],
      ['c', ['4']],
    ]),
  );
  expect(merged).toEqual({ a: ['1', '2', '3'], c: ['4'] });
});
