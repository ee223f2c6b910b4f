import type { DeathCertificate } from '@millrace/core';
import { expect, test } from 'vitest';
import { withLateExit } from './late-exit.ts';

const certificate: DeathCertificate = {
  ...{ worker: 'p.0', pod: 'p', pid: 9, slot: 0, cause: 'pod-lost', blame: 'none', exitCode: null },
  ...{ exitSignal: null, diedAtMs: 1_000, certifiedAtMs: 1_100, lastLines: [], peakRssBytes: null },
  ...{ memoryLimitBytes: null, beats: [] },
  evidence: [{ kind: 'link-closed', atMs: 1_000 }],
};
const exit = { code: null, signal: 'SIGKILL', atMs: 1_900, expected: false, byCluster: true } as const;

test('the slower evidence is written down and changes nothing that was decided', () => {
  const amended = withLateExit(certificate, { ...exit, detail: 'Error, SIGKILL' });
  expect(amended).toEqual({
    ...certificate,
    evidence: [
      { kind: 'pod-terminated', atMs: 1_900, detail: 'Error, SIGKILL' },
      { kind: 'link-closed', atMs: 1_000 },
    ],
  });
});

test('out of memory is put down to the work', () => {
  const amended = withLateExit(certificate, { ...exit, outOfMemory: true, detail: 'OOMKilled, SIGKILL' });
  expect(amended).toMatchObject({ cause: 'oom', blame: 'jobs', exitSignal: 'SIGKILL' });
  expect(amended?.lastLines).toEqual(['OOMKilled, SIGKILL']);
  const words = { ...certificate, lastLines: ['the last'] };
  expect(withLateExit(words, { ...exit, outOfMemory: true, detail: 'x' })?.lastLines).toEqual(['the last']);
});

test('a standby that went with its container did no work', () => {
  const amended = withLateExit({ ...certificate, slot: null }, { ...exit, outOfMemory: true });
  expect(amended).toMatchObject({ cause: 'oom', blame: 'none' });
});

test.each(['process-exit', 'pod-exit', 'pod-terminated'] as const)(
  'who has the word of a %s keeps it',
  (kind) => {
    const seen = { ...certificate, evidence: [{ kind, atMs: 1_000 }] };
    expect(withLateExit(seen, { ...exit, outOfMemory: true })).toBeNull();
  },
);
