import type { Kill, Recovery } from '@millrace/core';
import type { StoredLetter } from '@millrace/queue';
import { recoveryTraceIdOf, spanIdOf, traceIdOf } from '@millrace/telemetry';
import { expect, test } from 'vitest';
import { certificateOf } from '../../../../tests/support/queue.ts';
import { letterView, recoveryView } from './death-traces.ts';
import { createJobTraces } from './job-traces.ts';

const config = (traceUrl?: string) =>
  ({ queue: {}, queues: {}, worker: {}, http: { traceUrl } }) as Parameters<typeof createJobTraces>[0];
const url = 'http://jaeger/trace/{traceId}';

const kill = (over: Partial<Kill>): Kill => ({
  ...{ atMs: 1, start: 1, worker: 'pod.a', cause: 'crash', exitCode: 1, exitSignal: null, isolated: false },
  ...{ lastLines: [], peakRssBytes: null, memoryLimitBytes: null, coRunners: [], beats: [], ...over },
});
const letter: StoredLetter = {
  ...{ id: '7', queue: 'mail', name: 'job', data: {}, reason: 'poison', error: 'e', diedAtMs: 3 },
  ...{ attemptsMade: 0, lineage: [], replayedAs: null },
  kills: [kill({}), kill({ start: 2, worker: 'pod.b', isolated: true })],
  provenance: { queue: 'mail', id: '7', timestampMs: 5, carrier: null, origin: 'single' },
};

test('a dead letter names its trace, and each kill its span and the recovery from it', () => {
  const traceId = traceIdOf('mail', '7', 5);
  const told = letterView(letter, createJobTraces(config(url)), '/self');
  expect(told).not.toHaveProperty('provenance');
  expect(told).toMatchObject({ traceId, links: { self: '/self', trace: `http://jaeger/trace/${traceId}` } });
  expect(told.kills).toMatchObject([
    { spanId: spanIdOf(traceId, 'mail', '7', 1), recoveryTraceId: recoveryTraceIdOf('pod.a') },
    { spanId: spanIdOf(traceId, 'mail', '7', 2), recoveryTraceId: null },
  ]);
});

test('a recovery names its trace, and where that is looked at if anybody said', () => {
  const recovery: Recovery = {
    ...{ id: 'pod.a', certificate: certificateOf('pod.a'), diedAtMs: 1, detectMs: 1, state: 'running' },
    ...{ fenceMs: null, reclaimMs: null, respawnMs: null, firstOrphanMs: null, lastOrphanMs: null },
    orphans: {},
  };
  const traceId = recoveryTraceIdOf('pod.a');
  expect(recoveryView(recovery, createJobTraces(config()))).toEqual({ ...recovery, traceId, links: {} });
  expect(recoveryView(recovery, createJobTraces(config(url)))).toMatchObject({
    links: { trace: `http://jaeger/trace/${traceId}` },
  });
});
