import type { BeatSample, Recovery } from '@millrace/core';
import { expect, test } from 'vitest';
import { boundedRecovery } from './bounded-recovery.ts';

const beat = (atMs: number): BeatSample => ({
  atMs,
  busy: 1,
  loopDelayMs: 0,
  cpuMs: 0,
  rssBytes: 1,
  heapBytes: 1,
});

const recovery = (lines: readonly string[], beats: readonly BeatSample[]): Recovery => ({
  id: 'pod.1',
  certificate: {
    worker: 'pod.1',
    pod: 'pod',
    pid: 1,
    slot: 0,
    cause: 'oom',
    blame: 'jobs',
    exitCode: 134,
    exitSignal: null,
    diedAtMs: 1,
    certifiedAtMs: 2,
    evidence: [{ kind: 'process-exit', atMs: 1 }],
    lastLines: lines,
    peakRssBytes: 100,
    memoryLimitBytes: 100,
    beats,
  },
  diedAtMs: 1,
  detectMs: 1,
  fenceMs: 2,
  reclaimMs: 3,
  respawnMs: 4,
  firstOrphanMs: 5,
  lastOrphanMs: 6,
  orphans: { work: ['1'] },
  state: 'done',
});

test('a usual certificate stays as it is', () => {
  const usual = recovery(['last words'], [beat(1), beat(2)]);
  expect(boundedRecovery(usual)).toEqual(usual);
});

test('of a talkative one the end is kept', () => {
  const lines = Array.from({ length: 5_000 }, (_, n) => `${n} ${'x'.repeat(10_000)}`);
  const beats = Array.from({ length: 1_000 }, (_, n) => beat(n));
  const { certificate } = boundedRecovery(recovery(lines, beats));
  expect(JSON.stringify(certificate).length).toBeLessThan(32_768);
  expect(certificate.lastLines.at(-1)).toMatch(/^4999 x+…$/);
  expect(certificate.beats.at(-1)).toEqual(beat(999));
});

test('a line is not cut within a character', () => {
  const { lastLines } = boundedRecovery(recovery([`x${'💥'.repeat(1_000)}`], [])).certificate;
  expect(lastLines[0]?.isWellFormed()).toBe(true);
});

test('a record of an older version is told with what it has', () => {
  const old = recovery([], []);
  const { lastLines, beats, ...certificate } = old.certificate;
  expect(boundedRecovery({ ...old, certificate: certificate as Recovery['certificate'] })).toEqual(old);
});
