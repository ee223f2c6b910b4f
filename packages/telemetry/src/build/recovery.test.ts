import type { Recovery } from '@millrace/core';
import { expect, test } from 'vitest';
import { jobTrace, processPlace } from '../context.ts';
import { recoveryPlaceOf } from '../ids.ts';
import { type Restart, recoverySpans, respawnSpan } from './recovery.ts';

const recovery: Recovery = {
  id: 'pod.a',
  certificate: {
    ...{ worker: 'pod.a', pod: 'pod', pid: 7, slot: 0, cause: 'killed', blame: 'unknown', exitCode: null },
    ...{ exitSignal: 'SIGKILL', diedAtMs: 1_000.5, certifiedAtMs: 1_002.5, evidence: [], lastLines: [] },
    ...{ peakRssBytes: null, memoryLimitBytes: null, beats: [] },
  },
  ...{ diedAtMs: 1_000.5, detectMs: 2, fenceMs: 3.25, reclaimMs: 6, respawnMs: 9, firstOrphanMs: 11 },
  ...{ lastOrphanMs: 24, orphans: { mail: ['1', '2'] }, state: 'done' },
};
const job = { queue: 'mail', id: '1', timestampMs: 5, carrier: null, origin: 'single' } as const;
const trace = jobTrace(job);
const restart: Restart = {
  ...{ queue: 'mail', id: '1', start: 2, deadStart: 1, worker: null, trace },
  ...{ returnedUs: 1_006_500, startedUs: 1_011_500 },
};
const root = recoveryPlaceOf('pod.a');

test('the phases of a recovery follow each other to the µs, under a root that lasts until the last orphan', () => {
  const spans = recoverySpans(recovery, [restart]);
  const times = spans.map(({ name, startUs, endUs }) => [name, startUs, endUs]);
  expect(times).toEqual([
    ['recover', 1_000_500, 1_024_500],
    ['detect', 1_000_500, 1_002_500],
    ['fence', 1_002_500, 1_003_750],
    ['reclaim', 1_003_750, 1_006_500],
    ['respawn', 1_002_500, 1_009_500],
    ['restart', 1_006_500, 1_011_500],
  ]);
  const [first, ...children] = spans;
  expect(first).toMatchObject({ ...root, parentSpanId: null, error: 'worker pod.a died: killed' });
  for (const { traceId, parentSpanId } of children) {
    expect({ traceId, parentSpanId }).toEqual({ traceId: root.traceId, parentSpanId: root.spanId });
  }
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
});

test('the root bears the record’s phases, from the death', () => {
  expect(recoverySpans(recovery, [restart])[0]?.attributes).toMatchObject({
    'millrace.recovery.detect_us': 2_000,
    'millrace.recovery.fence_us': 3_250,
    'millrace.recovery.reclaim_us': 6_000,
    'millrace.recovery.respawn_us': 9_000,
    'millrace.recovery.first_orphan_us': 11_000,
    'millrace.recovery.last_orphan_us': 24_000,
    'millrace.recovery.orphans': 2,
    'millrace.recovery.restarts': 1,
    'millrace.recovery.restarts_not_shown': 0,
  });
});

test('a restart links to the attempt that died and to the one that follows it', () => {
  const span = recoverySpans(recovery, [restart]).at(-1);
  expect(span?.links).toEqual([processPlace(trace, job, 1), processPlace(trace, job, 2)]);
  expect(span?.attributes).not.toHaveProperty('messaging.client.id');
});

test('what is not known has no span and no attribute; a respawn has the same place in time or later', () => {
  const early = { ...recovery, respawnMs: null, firstOrphanMs: null, lastOrphanMs: null };
  const spans = recoverySpans(early, []);
  expect(spans.map(({ name }) => name)).toEqual(['recover', 'detect', 'fence', 'reclaim']);
  expect(spans[0]).toMatchObject({ endUs: 1_006_500 });
  expect(spans[0]?.attributes).not.toHaveProperty('millrace.recovery.last_orphan_us');
  expect(respawnSpan(early)).toBeNull();
  const told = recoverySpans(recovery, []).find(({ name }) => name === 'respawn');
  expect(respawnSpan(recovery)).toEqual(told);
});
