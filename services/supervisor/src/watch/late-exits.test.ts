import type { DeathCertificate } from '@millrace/core';
import { expect, test } from 'vitest';
import { createLateExits } from './late-exits.ts';

const certificate = (worker: string, pod: string): DeathCertificate => ({
  ...{ worker, pod, pid: 1, slot: 0, cause: 'pod-lost', blame: 'none', exitCode: null, exitSignal: null },
  ...{
    diedAtMs: 1,
    certifiedAtMs: 2,
    evidence: [{ kind: 'link-closed', atMs: 1 }],
    lastLines: [],
    beats: [],
  },
  ...{ peakRssBytes: null, memoryLimitBytes: null },
});
const exit = { code: null, signal: 'SIGKILL', atMs: 9, expected: false, outOfMemory: true, byCluster: true };

test('the end of a container amends the deaths of its pod, once', () => {
  const late = createLateExits();
  for (const [worker, pod] of [
    ['a.0', 'a'],
    ['a.1', 'a'],
    ['b.0', 'b'],
  ] as const) {
    late.certified(certificate(worker, pod), 0);
  }
  expect(late.amend('a', exit).map(({ worker, cause }) => `${worker} ${cause}`)).toEqual([
    'a.0 oom',
    'a.1 oom',
  ]);
  expect(late.amend('a', exit)).toEqual([]);
});

test('a container is not believed to be out of memory when one of its processes was, before it', () => {
  const late = createLateExits();
  expect(late.believed('a', exit).outOfMemory).toBe(true);
  late.childOutOfMemory('a');
  expect(late.believed('a', exit).outOfMemory).toBe(false);
  expect(late.believed('b', exit).outOfMemory).toBe(true);
});

test('deaths are forgotten after 10 min', () => {
  const late = createLateExits();
  late.certified(certificate('a.0', 'a'), 0);
  late.certified(certificate('b.0', 'b'), 600_001);
  expect(late.amend('a', exit)).toEqual([]);
  expect(late.amend('b', exit)).toHaveLength(1);
});
