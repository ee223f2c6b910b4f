import { type Clock, type DeathCertificate, type Log, messageOf, type Recovery } from '@millrace/core';
import type { Store } from '@millrace/queue';
import { abortable } from '../abortable.ts';
import { nowMs } from '../now.ts';
import { createJournal } from './journal.ts';
import { beginRecovery, endRecovery, mergeOrphans, orphanCount, sinceDeath } from './record.ts';

/** Orphans that nobody restarts for so long are left to their queue: it may be paused, or without workers. */
const RESTART_WATCH_MS = 600_000;
const RETRY_MS = 100;
/** A respawn later than this is not the answer to that death. */
const RESPAWN_MS = 60_000;

export interface RecovererDependencies {
  readonly store: Pick<Store, 'supervision' | 'board'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onReclaimed: (jobs: number) => void;
}

/** Gives the jobs of dead starts to the living, and keeps the record of it. */
export interface Recoverer {
  /** Fences the start in all `queues`, gives its jobs back, watches them start again. Never rejects. */
  recover(certificate: DeathCertificate, queues: () => Promise<readonly string[]>): Promise<void>;
  /** Finishes what an earlier supervisor began. */
  resume(recovery: Recovery, queues: () => Promise<readonly string[]>): Promise<void>;
  /** A new start runs in that pod's slot: the answer to the death of the one before. */
  respawned(pod: string, slot: number | null, atMs: number): void;
  /** Recoveries that are not over. */
  running(): readonly Recovery[];
  /** Leaves what is running to the next supervisor, which finds it in the store. */
  stop(): Promise<void>;
}

/** Pods are named `<pool>-<random>`. */
const poolOf = (pod: string) => pod.replace(/-[^-]*$/, '');

/** See {@link Recoverer}. An outage of the store is waited out in every phase. */
export function createRecoverer({ store, clock, log, onReclaimed }: RecovererDependencies): Recoverer {
  const stopping = new AbortController();
  const current = new Map<string, Recovery>();
  const awaitingRespawn = new Map<string, Recovery>();
  const underway = new Set<Promise<void>>();
  const journal = createJournal(
    (recovery) => untilDone('save', () => store.board.saveRecovery(recovery)),
    log,
  );

  /** Tries until it works: the store away is weather. Rejects only when we stop. */
  async function untilDone<T>(what: string, call: () => Promise<T>): Promise<T> {
    for (;;) {
      stopping.signal.throwIfAborted();
      try {
        return await abortable(call(), stopping.signal);
      } catch (error) {
        stopping.signal.throwIfAborted();
        log.warn(
          { what, error: messageOf(error) },
          'The store did not take a step of a recovery; trying again',
        );
        await clock.sleep(RETRY_MS, stopping.signal);
      }
    }
  }

  /** Notes a phase. A planned end that left nothing behind is no recovery and gets no record. */
  function note(recovery: Recovery): Recovery {
    const latest = { ...recovery, respawnMs: current.get(recovery.id)?.respawnMs ?? recovery.respawnMs };
    current.set(latest.id, latest);
    if (latest.certificate.cause !== 'shutdown' || orphanCount(latest) > 0) journal.save(latest);
    return latest;
  }

  /**
   * Both at once, on one connection: the fence goes first, and a reclaim of a start that is not fenced is refused by
   * the store, so a fence that did not get through only makes both be tried again.
   */
  async function fenceAndReclaim(begun: Recovery, queues: readonly string[]) {
    const { id, certificate } = begun;
    const { fence, reclaim } = store.supervision;
    const fences = queues.map((queue) => untilDone('fence', () => fence(queue, id)));
    const fencedMs = Promise.all(fences).then(() => sinceDeath(begun, nowMs(clock)));
    const [fenced, ...reclaimed] = await Promise.all([
      fencedMs,
      ...queues.map(async (queue) => {
        const result = await untilDone('reclaim', () => reclaim(queue, id, certificate.cause));
        return [queue, result] as const;
      }),
    ]);
    const fenceMs = begun.fenceMs ?? fenced;
    const ids = new Map(reclaimed.map(([queue, { jobIds }]) => [queue, jobIds]));
    // Who finishes another's recovery and finds nothing left to reclaim came after the reclaim was over.
    const givenBack = [...ids.values()].reduce((sum, list) => sum + list.length, 0);
    onReclaimed(givenBack);
    const reclaimMs =
      givenBack === 0 && begun.reclaimMs !== null ? begun.reclaimMs : sinceDeath(begun, nowMs(clock));
    const recovery = note({ ...begun, fenceMs, reclaimMs, orphans: mergeOrphans(begun.orphans, ids) });
    return { recovery, eventsAfter: new Map(reclaimed.map(([queue, r]) => [queue, r.eventsAfter])) };
  }

  async function watchRestarts(
    recovery: Recovery,
    eventsAfter: ReadonlyMap<string, string>,
  ): Promise<number[]> {
    const limit = new AbortController();
    const timer = clock.after(RESTART_WATCH_MS, () => limit.abort());
    const signal = AbortSignal.any([limit.signal, stopping.signal]);
    // An earlier supervisor may have given some back: then all that happened since the death is looked at.
    const sinceDeathId = `${Math.floor(recovery.diedAtMs)}-0`;
    try {
      const seen = await Promise.all(
        Object.entries(recovery.orphans).map(([queue, ids]) => {
          const after = eventsAfter.get(queue) ?? sinceDeathId;
          return untilDone('restarts', () => store.supervision.restarts(queue, ids, after, signal));
        }),
      );
      return seen.flatMap((times) => [...times.values()]);
    } finally {
      timer.cancel();
    }
  }

  async function run(
    begun: Recovery,
    queues: () => Promise<readonly string[]>,
    resumed: boolean,
  ): Promise<void> {
    const { certificate } = begun;
    announce(begun, resumed);
    note(begun);
    const { recovery, eventsAfter } = await fenceAndReclaim(begun, await untilDone('queue names', queues));
    const seen = await watchRestarts(recovery, resumed ? new Map() : eventsAfter);
    stopping.signal.throwIfAborted();
    const done = note(endRecovery(recovery, seen));
    current.delete(done.id);
    const { fenceMs, reclaimMs, lastOrphanMs } = done;
    log.info({ worker: done.id, fenceMs, reclaimMs, lastOrphanMs, orphans: orphanCount(done) }, 'Recovered');
    if (done.respawnMs === null && certificate.cause !== 'shutdown') awaitRespawn(done);
    await journal.settled(done.id);
  }

  function announce({ id, certificate, detectMs }: Recovery, resumed: boolean): void {
    const { cause, exitCode, exitSignal } = certificate;
    const planned = cause === 'shutdown';
    const text = planned ? 'A worker ended' : 'A worker died; its jobs go to the living';
    log[planned ? 'info' : 'warn']({ worker: id, cause, exitCode, exitSignal, detectMs, resumed }, text);
  }

  function awaitRespawn(recovery: Recovery): void {
    awaitingRespawn.set(recovery.id, recovery);
    for (const [id, { diedAtMs }] of awaitingRespawn) {
      if (nowMs(clock) - diedAtMs > RESPAWN_MS) awaitingRespawn.delete(id);
    }
  }

  function begin(begun: Recovery, queues: () => Promise<readonly string[]>, resumed: boolean): Promise<void> {
    if (stopping.signal.aborted || current.has(begun.id)) return Promise.resolve();
    current.set(begun.id, begun);
    const work = run(begun, queues, resumed)
      .catch((error) => {
        if (!stopping.signal.aborted)
          log.error({ worker: begun.id, error: messageOf(error) }, 'Recovery failed');
      })
      .finally(() => {
        current.delete(begun.id);
        underway.delete(work);
      });
    underway.add(work);
    return work;
  }

  return {
    recover: (certificate, queues) => begin(beginRecovery(certificate), queues, false),
    resume: (recovery, queues) => begin(recovery, queues, true),
    respawned(pod, slot, atMs) {
      const matches = ({ certificate, respawnMs, diedAtMs }: Recovery) =>
        respawnMs === null &&
        certificate.slot === slot &&
        atMs >= diedAtMs &&
        (certificate.cause === 'pod-lost'
          ? certificate.pod !== pod && poolOf(certificate.pod) === poolOf(pod)
          : certificate.pod === pod);
      for (const recovery of current.values()) {
        if (matches(recovery)) note({ ...recovery, respawnMs: sinceDeath(recovery, atMs) });
      }
      for (const recovery of awaitingRespawn.values()) {
        if (!matches(recovery)) continue;
        awaitingRespawn.delete(recovery.id);
        journal.save({ ...recovery, respawnMs: sinceDeath(recovery, atMs) });
      }
    },
    running: () => [...current.values()],
    async stop() {
      stopping.abort(new Error('the supervisor stops'));
      await Promise.all(underway);
      await journal.settled();
    },
  };
}
