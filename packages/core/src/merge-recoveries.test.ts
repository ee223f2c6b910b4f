import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeRecoveries } from './merge-recoveries.ts';
import type { DeathCertificate, Recovery } from './status.ts';

/** Ms to the µs, as the supervisors' clock gives them. */
const ms = fc.integer({ min: 0, max: 90_000_000 }).map((us) => us / 1000);
const phase = fc.option(ms, { nil: null });
const ids = fc
  .uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 6 })
  .map((numbers) => numbers.sort((a, b) => a - b).map(String));

const certificate: fc.Arbitrary<DeathCertificate> = fc
  .record({
    exitCode: fc.constantFrom(null, 1),
    exitSignal: fc.constantFrom(null, 'SIGKILL'),
    certifiedAtMs: fc.integer({ min: 0, max: 3 }),
    lastLines: fc.constantFrom<string[]>([], ['last']),
  })
  .map((some) => ({
    ...{ worker: 'pod.1', pod: 'pod', pid: 1, slot: 0, cause: 'crash', blame: 'jobs' },
    ...{ diedAtMs: 0, evidence: [], peakRssBytes: null, memoryLimitBytes: null, beats: [], ...some },
  }));

const recovery: fc.Arbitrary<Recovery> = fc.record({
  id: fc.constant('pod.1'),
  certificate,
  diedAtMs: fc.integer({ min: 1_763_000_000_000_000, max: 1_763_000_010_000_000 }).map((us) => us / 1000),
  detectMs: ms,
  fenceMs: phase,
  reclaimMs: phase,
  respawnMs: phase,
  firstOrphanMs: phase,
  lastOrphanMs: phase,
  orphans: fc.dictionary(fc.constantFrom('a', 'b'), ids),
  state: fc.constantFrom('running', 'done'),
});

test('it does not matter who wrote first', () => {
  fc.assert(
    fc.property(recovery, recovery, (a, b) => {
      expect(mergeRecoveries(a, b)).toEqual(mergeRecoveries(b, a));
    }),
  );
});

test('nor in which order many are merged', () => {
  fc.assert(
    fc.property(recovery, recovery, recovery, (a, b, c) => {
      expect(mergeRecoveries(mergeRecoveries(a, b), c)).toEqual(mergeRecoveries(a, mergeRecoveries(b, c)));
    }),
  );
});

test('nor how often one of them is', () => {
  fc.assert(
    fc.property(recovery, recovery, (a, b) => {
      expect(mergeRecoveries(a, a)).toEqual(a);
      const merged = mergeRecoveries(a, b);
      expect(mergeRecoveries(merged, b)).toEqual(merged);
    }),
  );
});

test('phases are compared as moments, not as durations from two different deaths', () => {
  const base = {
    ...fc.sample(recovery, { numRuns: 1, seed: 1 })[0],
    ...{ fenceMs: null, reclaimMs: null, respawnMs: null, firstOrphanMs: null, orphans: {} },
  } as Recovery;
  const early: Recovery = { ...base, diedAtMs: 1_000, detectMs: 5, lastOrphanMs: 30, state: 'done' };
  const late: Recovery = { ...base, diedAtMs: 1_002, detectMs: 1, lastOrphanMs: null, state: 'running' };
  expect(mergeRecoveries(early, late)).toMatchObject({
    diedAtMs: 1_000,
    detectMs: 3,
    lastOrphanMs: 30,
    state: 'done',
  });
});
