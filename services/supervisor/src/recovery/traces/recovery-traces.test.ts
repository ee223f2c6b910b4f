import { type DeadAttempt, ManualClock, MillraceError, type Recovery, silentLog } from '@millrace/core';
import { MAX_RESTARTS, type SpanRecord, samplingPolicy } from '@millrace/telemetry';
import { expect, test } from 'vitest';
import { certificateOf, until } from '../../../../../tests/support/queue.ts';
import { beginRecovery } from '../record.ts';
import { createRecoveryTraces, type RecoveryTracesDependencies } from './recovery-traces.ts';

const certificate = certificateOf('pod.a', { cause: 'crash', diedAtMs: 1_000, certifiedAtMs: 1_001 });

const attempt = (id: string): DeadAttempt => ({
  ...{ queue: 'mail', id, name: 'job', timestampMs: 100, enqueuedUs: 100_000, dueUs: 100_000, attempt: 1 },
  ...{ startedUs: 200_000, returnedUs: 1_005_000, start: 1, worker: 'pod.a', cause: 'crash' },
  ...{ carrier: null, origin: 'single', before: null, replayOf: null, hasTracedPast: false },
});

function recoveryOf(orphans: number, over: Partial<Recovery> = {}): Recovery {
  const ids = Array.from({ length: orphans }, (_, n) => `${n}`);
  const phases = { fenceMs: 2, reclaimMs: 5, lastOrphanMs: 50 };
  return { ...beginRecovery(certificate), ...phases, orphans: ids.length > 0 ? { mail: ids } : {}, ...over };
}

const seen = ({ orphans }: Recovery, notSeen = 0) =>
  new Map([['mail', new Map((orphans.mail ?? []).slice(notSeen).map((id, n) => [id, 1_010 + n]))]]);

/** Traces over a store that is away for the first `failures` calls. */
function tracing({ failures = 0, stored = null as Recovery | null } = {}) {
  const clock = new ManualClock();
  const spans: SpanRecord[] = [];
  let left = failures;
  let flushes = 0;
  const call = async <T>(value: T): Promise<T> => {
    if (left-- > 0) throw new MillraceError('store_unavailable', 'away');
    return value;
  };
  const store: RecoveryTracesDependencies['store'] = {
    supervision: {
      deadAttempts: (_, __, ids) => call(ids.map(attempt)),
      claimDeadAttempts: () => call(true),
    },
    board: { recovery: () => call(stored), claimRecoveryTrace: () => call(true) },
  };
  const rules = { sampling: samplingPolicy('cuts', 0), shapeOf: () => 'auto' as const, store: null };
  const traces = createRecoveryTraces({
    ...{ supervisor: 's', store, rules, clock, log: silentLog },
    spans: { add: (records) => void spans.push(...records), flush: async () => void flushes++ },
  });
  const named = (name: string) => spans.filter((span) => span.name === name);
  return { traces, clock, spans, named, flushes: () => flushes };
}

test('a store that is away for a moment delays spans, and loses none', async () => {
  const { traces, clock, named, flushes } = tracing({ failures: 3 });
  const recovery = recoveryOf(2);
  traces.reclaimed(recovery);
  let isOver = false;
  const ended = traces.ended(recovery, seen(recovery)).then(() => {
    isOver = true;
  });
  await until(() => {
    clock.advance(10);
    return isOver;
  }, 'it is written');
  await ended;
  expect([named('process mail').length, named('recover').length, named('restart').length]).toEqual([2, 1, 2]);
  expect(flushes()).toBeGreaterThan(0);
});

test('a store that stays away holds no recovery up for longer than a minute: its trace is given up', async () => {
  const { traces, clock, spans } = tracing({ failures: Number.POSITIVE_INFINITY });
  const from = clock.monotonicMs();
  const recovery = recoveryOf(1);
  traces.reclaimed(recovery);
  let isOver = false;
  void traces.ended(recovery, seen(recovery)).then(() => {
    isOver = true;
  });
  await until(() => {
    if (!isOver) clock.advance(1_000);
    return isOver;
  }, 'it gives up');
  expect(clock.monotonicMs() - from).toBeLessThan(65_000);
  expect(spans).toEqual([]);
});

test('a stop gives up what waits for the store', async () => {
  const { traces, spans } = tracing({ failures: Number.POSITIVE_INFINITY });
  const recovery = recoveryOf(1);
  traces.reclaimed(recovery);
  const ended = traces.ended(recovery, seen(recovery));
  await traces.stop();
  await ended;
  expect(spans).toEqual([]);
});

test('a mass of orphans is a hundred restarts and a count; those that were not seen again are counted out', async () => {
  const { traces, named } = tracing();
  const recovery = recoveryOf(250);
  traces.reclaimed(recovery);
  await traces.ended(recovery, seen(recovery, 20));
  expect(named('process mail')).toHaveLength(250);
  expect(named('restart')).toHaveLength(MAX_RESTARTS);
  expect(named('recover')[0]?.attributes).toMatchObject({
    'millrace.recovery.orphans': 250,
    'millrace.recovery.restarts': 230,
    'millrace.recovery.restarts_not_shown': 130,
  });
});

test('a respawn that comes after the end is told once, in the same trace; one in time with all else', async () => {
  const late = tracing();
  const recovery = recoveryOf(0);
  await late.traces.ended(recovery, new Map());
  expect(late.named('respawn')).toEqual([]);
  for (let i = 0; i < 2; i++) late.traces.respawned({ ...recovery, respawnMs: 70 });
  expect(late.named('respawn')).toMatchObject([
    { traceId: late.named('recover')[0]?.traceId, endUs: 1_070_000 },
  ]);
  const inTime = tracing({ stored: recoveryOf(0, { respawnMs: 60 }) });
  await inTime.traces.ended(recovery, new Map());
  inTime.traces.respawned({ ...recovery, respawnMs: 70 });
  expect(inTime.named('respawn')).toMatchObject([{ endUs: 1_060_000 }]);
});
