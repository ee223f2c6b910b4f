import { expect, it } from 'vitest';
import { progressLine } from './progress.ts';
import { demoTable } from './table.ts';

const report = {
  jobs: 20_000,
  checksum: 2_394_122_880,
  lost: 0,
  duplicateCommits: 0,
  duplicateStarts: 16,
  kills: 1,
  maxDepth: 256,
  returned: 16,
  throughput: 2_000,
  recoveries: [{ worker: 'p.1', cause: 'killed', detectMs: 3.1, reclaimMs: 9, lastOrphanMs: null }],
  errors: 0,
  p50: 112.4,
  p95: 180.25,
  p99: null,
  rssSteady: 400 * 2 ** 20,
  rssPostRecovery: null,
};
const kill = { worker: 'p.1', pid: 9, drawn: 3, slot: 0, atMs: 1, plannedMs: 650 };

it('tells what a right run came to', () => {
  expect(demoTable(report, [kill], { runMs: 10_000, bound: 256, foreign: 0, faults: [] })).toBe(`
  jobs             20,000 of 20,000 done in 10.0 s, 2,000 a second
  checksum         2394122880
  lost             0
  committed twice  0
  started again    16 (16 given back)
  deepest queue    256 of 256
  failed attempts  0
  due to done      p50 112.4 ms, p95 180.25 ms, p99 –
  workers’ memory  400 MiB steady, – after the last recovery

  kill  after   slot         worker  cause   detected  reclaimed  last orphan runs
  1     650 ms  0 (drawn 3)  p.1     killed  3.1 ms    9 ms       –

Right: every job was done exactly once.
`);
});

it('tells what is wrong, and of jobs that were not its own', () => {
  const faults = ['1 jobs were never done', 'the checksum should be 7'];
  const text = demoTable(report, [], { runMs: 10_000, bound: 256, foreign: 2, faults });
  expect(text).toContain('others’ jobs     2 done meanwhile, not counted');
  expect(text).toContain('WRONG: 1 jobs were never done; the checksum should be 7.');
  expect(text).not.toContain('kill ');
});

it('shows progress in one line', () => {
  const view = { done: 10_000, jobs: 20_000, depth: 240, kills: 2, elapsedMs: 5_000 };
  expect(progressLine(view)).toBe('████████████············ 10,000/20,000  2,000/s  waiting 240  killed 2');
  expect(progressLine({ ...view, done: 0, depth: null, elapsedMs: 0 })).toContain('0/20,000  0/s  waiting –');
});
