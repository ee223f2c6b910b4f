import type { Recovery } from '@millrace/core';
import { type JobTrace, processPlace } from '../context.ts';
import { childSpanIdOf, recoveryPlaceOf } from '../ids.ts';
import { CLIENT_ID, DESTINATION, ERROR_TYPE, JOB_START, MESSAGE_ID } from '../semconv.ts';
import type { SpanPlace, SpanRecord } from '../span-record.ts';
import { deathAttributes, deathText, WORKER_KILLED } from './dead-attempt.ts';
import { present } from './facts.ts';

/** An orphan's way back into a worker. Times are µs since 1970. */
export interface Restart {
  readonly queue: string;
  readonly id: string;
  /** The start that took it up again. */
  readonly start: number;
  /** It was given back to its queue. */
  readonly returnedUs: number;
  readonly startedUs: number;
  /** Null where nobody looked. */
  readonly worker: string | null;
  /** The trace of its attempts, and the start that died. */
  readonly trace: JobTrace;
  readonly deadStart: number;
}

/** Spans for at most this many orphans; the rest is a count. */
export const MAX_RESTARTS = 100;

/** µs since 1970 at which a phase was over; null while it is not. */
function momentOf(recovery: Recovery, ms: number | null): number | null {
  return ms === null ? null : Math.round(recovery.diedAtMs * 1000) + Math.round(ms * 1000);
}

/** From the detection to the new start in the dead one's place, which may come after all else; null without one. */
export function respawnSpan(recovery: Recovery): SpanRecord | null {
  const detected = momentOf(recovery, recovery.detectMs);
  return phaseSpan(recoveryPlaceOf(recovery.id), 'respawn', detected, momentOf(recovery, recovery.respawnMs));
}

/** One trace for a death: `recover` from the death to the last phase, and a child for each phase and orphan. */
export function recoverySpans(recovery: Recovery, restarts: readonly Restart[]): SpanRecord[] {
  const root = recoveryPlaceOf(recovery.id);
  const diedUs = Math.round(recovery.diedAtMs * 1000);
  const at = (ms: number | null) => momentOf(recovery, ms);
  const [detected, fenced, reclaimed] = [at(recovery.detectMs), at(recovery.fenceMs), at(recovery.reclaimMs)];
  const phases = [
    phaseSpan(root, 'detect', diedUs, detected),
    phaseSpan(root, 'fence', detected, fenced),
    phaseSpan(root, 'reclaim', fenced, reclaimed),
    respawnSpan(recovery),
  ].filter((span) => span !== null);
  const shown = restarts.slice(0, MAX_RESTARTS).map((restart, index) => restartSpan(root, restart, index));
  const last = at(recovery.lastOrphanMs) ?? diedUs;
  const endUs = Math.max(last, ...[...phases, ...shown].map((span) => span.endUs));
  return [rootSpan(recovery, root, diedUs, endUs, restarts.length), ...phases, ...shown];
}

/** The phases as the record has them, exactly: `millrace.recovery.detect_us`… from the death. */
function phaseAttributes(recovery: Recovery) {
  const us = (ms: number | null) => (ms === null ? null : Math.round(ms * 1000));
  return present({
    'millrace.recovery.detect_us': us(recovery.detectMs),
    'millrace.recovery.fence_us': us(recovery.fenceMs),
    'millrace.recovery.reclaim_us': us(recovery.reclaimMs),
    'millrace.recovery.respawn_us': us(recovery.respawnMs),
    'millrace.recovery.first_orphan_us': us(recovery.firstOrphanMs),
    'millrace.recovery.last_orphan_us': us(recovery.lastOrphanMs),
  });
}

function rootSpan(
  recovery: Recovery,
  root: SpanPlace,
  startUs: number,
  endUs: number,
  restarts: number,
): SpanRecord {
  const { certificate, orphans } = recovery;
  return {
    ...root,
    parentSpanId: null,
    name: 'recover',
    kind: 'internal',
    startUs,
    endUs,
    attributes: {
      ...deathAttributes(certificate),
      ...phaseAttributes(recovery),
      [CLIENT_ID]: certificate.worker,
      [ERROR_TYPE]: WORKER_KILLED,
      'millrace.recovery.orphans': Object.values(orphans).reduce((sum, ids) => sum + ids.length, 0),
      'millrace.recovery.restarts': restarts,
      'millrace.recovery.restarts_not_shown': Math.max(restarts - MAX_RESTARTS, 0),
    },
    error: deathText(certificate),
  };
}

function phaseSpan(
  root: SpanPlace,
  name: string,
  startUs: number | null,
  endUs: number | null,
): SpanRecord | null {
  if (startUs === null || endUs === null) return null;
  return {
    traceId: root.traceId,
    spanId: childSpanIdOf(root, name),
    parentSpanId: root.spanId,
    name,
    kind: 'internal',
    startUs,
    endUs: Math.max(endUs, startUs),
    attributes: {},
  };
}

function restartSpan(root: SpanPlace, restart: Restart, index: number): SpanRecord {
  return {
    traceId: root.traceId,
    spanId: childSpanIdOf(root, 'restart', index),
    parentSpanId: root.spanId,
    name: 'restart',
    kind: 'internal',
    startUs: restart.returnedUs,
    endUs: Math.max(restart.startedUs, restart.returnedUs),
    attributes: present({
      [DESTINATION]: restart.queue,
      [MESSAGE_ID]: restart.id,
      [CLIENT_ID]: restart.worker,
      [JOB_START]: restart.start,
    }),
    links: [
      processPlace(restart.trace, restart, restart.deadStart),
      processPlace(restart.trace, restart, restart.start),
    ],
  };
}
