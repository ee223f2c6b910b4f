import { describe, expect, it } from 'vitest';
import { faultsOf, type RunFacts, reportOf } from './verdict.ts';

const right: RunFacts = {
  totals: {
    jobs: 100,
    done: 100,
    lost: 0,
    duplicateCommits: 0,
    duplicateStarts: 7,
    returned: 7,
    failed: 0,
    checksum: 99,
    foreign: 3,
  },
  expectedChecksum: 99,
  killsDue: 3,
  kills: 3,
  bound: 256,
  maxDepth: 256,
  gap: false,
  runMs: 50,
  recoveries: [],
};

describe('verdict', () => {
  it('finds nothing wrong with a right run, duplicate starts and strangers included', () => {
    expect(faultsOf(right)).toEqual([]);
  });

  it.each([
    ['a gap', { gap: true }],
    ['a lost job', { totals: { ...right.totals, lost: 1 } }],
    ['a second commit', { totals: { ...right.totals, duplicateCommits: 1 } }],
    ['a wrong checksum', { totals: { ...right.totals, checksum: 98 } }],
    ['a kill that was not made', { kills: 2 }],
    ['a queue over its bound', { maxDepth: 257 }],
  ])('fails a run for %s', (_, change) => {
    expect(faultsOf({ ...right, ...change })).toHaveLength(1);
  });

  it('reports exactly the promised members', () => {
    const measured = { errors: 0, p50: 1, p95: 2, p99: 3, rssSteady: 4, rssPostRecovery: 5 };
    expect(reportOf(right, measured)).toEqual({
      jobs: 100,
      checksum: 99,
      lost: 0,
      duplicateCommits: 0,
      duplicateStarts: 7,
      kills: 3,
      maxDepth: 256,
      returned: 7,
      throughput: 2000,
      recoveries: [],
      ...measured,
    });
  });
});
