import {
  type Clock,
  type DeadAttempt,
  type Log,
  mergeRecoveries,
  messageOf,
  type Recovery,
} from '@millrace/core';
import type { Store } from '@millrace/queue';
import {
  deadAttemptSpans,
  recoverySpans,
  respawnSpan,
  type SpanExport,
  type SpanRules,
} from '@millrace/telemetry';
import { type UntilDone, untilDoneWith } from '../../until-done.ts';
import { orphanCount } from '../record.ts';
import { type DeadAttempts, isRecoveryTraced, type Restarts, restartsOf } from './restarts.ts';

/** How long each of the two parts of a trace waits for a store that is away, and the recovery for them. */
const PATIENCE_MS = 30_000;
/** Of how many orphans spans are made at a time: about 5 ms. */
const ORPHANS_A_TURN = 100;
/** Deaths that are remembered as written here, and recoveries that may yet be told of their respawn. */
const REMEMBERED = 10_000;

/**
 * Writes the spans that a dead process cannot: those of the attempts that went with it, and the trace of its recovery.
 * Of all replicas one writes each, as the store decides. Never rejects, and never fails a recovery.
 */
export interface RecoveryTraces {
  /** The orphans are back in their queues. Returns at once: nothing of a recovery waits for it. */
  reclaimed(recovery: Recovery): void;
  /** Whoever is to start again has, or was given up. Resolves when its trace is on its way, or another's to write. */
  ended(recovery: Recovery, restarts: Restarts): Promise<void>;
  /** A new start stands in the dead one's place, after the end of the recovery. */
  respawned(recovery: Recovery): void;
  /** Resolves when nothing is under way; what waits for the store then is given up. */
  stop(): Promise<void>;
}

export interface RecoveryTracesDependencies {
  readonly supervisor: string;
  readonly store: {
    readonly supervision: Pick<Store['supervision'], 'deadAttempts' | 'claimDeadAttempts'>;
    readonly board: Pick<Store['board'], 'recovery' | 'claimRecoveryTrace'>;
  };
  readonly spans: Pick<SpanExport, 'add' | 'flush'>;
  readonly rules: SpanRules;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where nobody wants spans. */
export const NO_TRACES: RecoveryTraces = {
  reclaimed: () => undefined,
  ended: async () => undefined,
  respawned: () => undefined,
  stop: async () => undefined,
};

/** A planned end that handed nothing back is no recovery. */
const isRecovery = (recovery: Recovery) =>
  recovery.certificate.cause !== 'shutdown' || orphanCount(recovery) > 0;

function remember(all: Set<string>, id: string): void {
  all.add(id);
  const [oldest] = all;
  if (all.size > REMEMBERED && oldest !== undefined) all.delete(oldest);
}

/** See {@link RecoveryTraces}. One death at a time: after a mass death the store has better to do. */
export function createRecoveryTraces(dependencies: RecoveryTracesDependencies): RecoveryTraces {
  const { supervisor, store, spans, rules, clock, log } = dependencies;
  const stopping = new AbortController();
  /** What the store remembered when they were reclaimed: some of the jobs may be gone before the recovery is over. */
  const attempts = new Map<string, Promise<DeadAttempts>>();
  /** Claims are ours however often we ask; what was written on them is written once. */
  const written = new Set<string>();
  const unanswered = new Set<string>();
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  /** Runs `work` behind all that is under way; what it throws is told, and `otherwise` is resolved. */
  function inTurn<T>(what: string, otherwise: T, work: (untilDone: UntilDone) => Promise<T>): Promise<T> {
    waiting++;
    const limit = new AbortController();
    const timer = clock.after(PATIENCE_MS, () => limit.abort(new Error(`no store for ${PATIENCE_MS} ms`)));
    const done = turn.then(async () => {
      try {
        return await work(untilDoneWith(clock, log, AbortSignal.any([stopping.signal, limit.signal])));
      } catch (error) {
        if (!stopping.signal.aborted) log.warn({ what, error: messageOf(error) }, 'Spans were not written');
        return otherwise;
      } finally {
        timer.cancel();
        // Deaths are rare, and who writes of them may be the next to die.
        if (--waiting === 0) void spans.flush();
      }
    });
    turn = done;
    return done;
  }

  async function writeAttempts(recovery: Recovery, untilDone: UntilDone): Promise<DeadAttempts> {
    const { id, orphans } = recovery;
    const found = new Map<string, readonly DeadAttempt[]>();
    for (const [queue, jobIds] of Object.entries(orphans)) {
      const isNews = !written.has(`${id} ${queue}`);
      const ofQueue: DeadAttempt[] = [];
      // In parts: a supervisor that makes spans of a thousand orphans at once hears nobody meanwhile.
      for (let from = 0; from < jobIds.length; from += ORPHANS_A_TURN) {
        const some = jobIds.slice(from, from + ORPHANS_A_TURN);
        const dead = await untilDone('dead attempts', () => store.supervision.deadAttempts(queue, id, some));
        ofQueue.push(...dead);
        if (isNews) await writeIfOurs(recovery, queue, dead, untilDone);
      }
      found.set(queue, ofQueue);
    }
    return found;
  }

  async function writeIfOurs(
    { id, certificate }: Recovery,
    queue: string,
    dead: readonly DeadAttempt[],
    untilDone: UntilDone,
  ): Promise<void> {
    const records = dead.flatMap((attempt) => deadAttemptSpans(attempt, certificate, rules));
    if (records.length === 0) return;
    const isOurs = await untilDone('claim', () => store.supervision.claimDeadAttempts(queue, id, supervisor));
    // Also if the store goes away before the rest: what is asked for again must not be written twice.
    remember(written, `${id} ${queue}`);
    if (isOurs) spans.add(records);
  }

  async function writeRecovery(
    recovery: Recovery,
    known: DeadAttempts,
    seen: Restarts,
    untilDone: UntilDone,
  ) {
    const { id } = recovery;
    if (written.has(id)) return;
    const stored = await untilDone('recovery', () => store.board.recovery(id));
    const whole = stored ? mergeRecoveries(stored, recovery) : recovery;
    if (await untilDone('claim', () => store.board.claimRecoveryTrace(id, supervisor))) {
      spans.add(recoverySpans(whole, restartsOf(whole, known, seen, rules)));
      if (whole.respawnMs === null) remember(unanswered, id);
    }
    remember(written, id);
  }

  return {
    reclaimed(recovery) {
      if (orphanCount(recovery) === 0) return;
      const { id } = recovery;
      const none: DeadAttempts = new Map();
      attempts.set(
        id,
        inTurn('dead attempts', none, (untilDone) => writeAttempts(recovery, untilDone)),
      );
    },
    async ended(recovery, restarts) {
      const { id } = recovery;
      const known = await attempts.get(id);
      attempts.delete(id);
      if (!isRecovery(recovery) || !isRecoveryTraced(rules.sampling, id)) return;
      await inTurn('recovery', undefined, (untilDone) =>
        writeRecovery(recovery, known ?? new Map(), restarts, untilDone),
      );
    },
    respawned(recovery) {
      if (!unanswered.delete(recovery.id)) return;
      const span = respawnSpan(recovery);
      if (span) spans.add([span]);
    },
    async stop() {
      stopping.abort(new Error('the supervisor stops'));
      await turn;
    },
  };
}
