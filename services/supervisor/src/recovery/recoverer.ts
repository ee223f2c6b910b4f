import { type Clock, type DeathCertificate, type Log, messageOf, type Recovery } from '@millrace/core';
import type { Store } from '@millrace/queue';
import { createLatestWriter } from '../latest-writer.ts';
import { untilDoneWith } from '../until-done.ts';
import { fenceAndReclaim, watchRestarts } from './phases.ts';
import { beginRecovery, endRecovery, orphanCount } from './record.ts';
import { createRespawns, type Joined, withRespawn } from './respawns.ts';
import type { RecoveryTraces } from './traces/recovery-traces.ts';

const RECLAIM_LOOK_MS = 100;
const RECENT_RECOVERIES = 1_000;

export interface RecovererDependencies {
  readonly store: Pick<Store, 'supervision' | 'board'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onReclaimed: (jobs: number) => void;
  /** Every orphan of that start runs again, or it had none. */
  readonly onRecovered: (certificate: DeathCertificate) => void;
  /** Its record says that it is over. */
  readonly onEnded?: (recovery: Recovery) => void;
  /** A new start came only after that. */
  readonly onLateRespawn?: (recovery: Recovery) => void;
  readonly traces: RecoveryTraces;
}

/**
 * Gives the jobs of dead starts to the living, and keeps the record of it. Every replica recovers every death it
 * certifies: all steps are idempotent and the store merges the records, so one that dies on the way is missed by nobody.
 */
export interface Recoverer {
  /**
   * Fences the start in all `queues`, gives its jobs back, watches them start again. Resolves whether it came to its end,
   * and never rejects; asked again while it runs, it is the same one.
   */
  recover(certificate: DeathCertificate, queues: () => Promise<readonly string[]>): Promise<boolean>;
  /** Finishes what another supervisor began. */
  resume(recovery: Recovery, queues: () => Promise<readonly string[]>): Promise<boolean>;
  /** More became known of a death: its record says so, and its orphans are blamed if it turns out that they may be to blame. */
  amend(certificate: DeathCertificate): Promise<void>;
  /** A new start runs in that pod's slot: the answer to the death of the one before. */
  respawned(joined: Joined): void;
  /** Recoveries that are not over. */
  running(): readonly Recovery[];
  /** Leaves what is running to the next supervisor, which finds it in the store. */
  stop(): Promise<void>;
}

/** See {@link Recoverer}. An outage of the store is waited out in every phase. */
export function createRecoverer(dependencies: RecovererDependencies): Recoverer {
  const { store, clock, log, onReclaimed, traces } = dependencies;
  const stopping = new AbortController();
  const current = new Map<string, Recovery>();
  const underway = new Map<string, Promise<boolean>>();
  const respawns = createRespawns(clock);
  const untilDone = untilDoneWith(clock, log, stopping.signal);
  const phases = { supervision: store.supervision, untilDone, clock };
  const journal = createLatestWriter<Recovery>((_, recovery) =>
    untilDone('save', () => store.board.saveRecovery(recovery)),
  );

  /** The respawn may have come in any phase. */
  const latestOf = (recovery: Recovery): Recovery => ({
    ...recovery,
    respawnMs: current.get(recovery.id)?.respawnMs ?? recovery.respawnMs,
  });

  /** Notes a phase. A planned end that left nothing behind is no recovery and gets no record. */
  function note(recovery: Recovery): Recovery {
    const latest = latestOf(recovery);
    current.set(latest.id, latest);
    if (latest.certificate.cause !== 'shutdown' || orphanCount(latest) > 0) journal.save(latest.id, latest);
    return latest;
  }

  async function run(begun: Recovery, queues: () => Promise<readonly string[]>, isResumed: boolean) {
    const { certificate } = begun;
    announce(begun, isResumed);
    note(begun);
    const named = await untilDone('queue names', queues);
    const { recovery, orphans, eventsAfter } = await fenceAndReclaim(begun, named, phases);
    onReclaimed(orphans);
    const noted = note(recovery);
    traces.reclaimed(noted);
    const seen = await watchRestarts(noted, eventsAfter, phases, stopping.signal);
    stopping.signal.throwIfAborted();
    dependencies.onRecovered(certificate);
    const ended = endRecovery(
      noted,
      [...seen.values()].flatMap((times) => [...times.values()]),
    );
    // Before the record says that it is over: until then another supervisor would take it up, and its trace with it.
    await traces.ended(latestOf(ended), seen);
    stopping.signal.throwIfAborted();
    const done = note(ended);
    current.delete(done.id);
    dependencies.onEnded?.(done);
    // It may have come while the trace was written.
    if (done.respawnMs !== null) traces.respawned(done);
    const { fenceMs, reclaimMs, lastOrphanMs } = done;
    log.info({ worker: done.id, fenceMs, reclaimMs, lastOrphanMs, orphans: orphanCount(done) }, 'Recovered');
    if (done.respawnMs === null && certificate.cause !== 'shutdown') respawns.await(done);
    await journal.settled(done.id);
  }

  function announce({ id, certificate, detectMs }: Recovery, isResumed: boolean): void {
    const { cause, exitCode, exitSignal } = certificate;
    const isPlanned = cause === 'shutdown';
    const text = isPlanned ? 'A worker ended' : 'A worker died; its jobs go to the living';
    log[isPlanned ? 'info' : 'warn'](
      { worker: id, cause, exitCode, exitSignal, detectMs, resumed: isResumed },
      text,
    );
  }

  function begin(begun: Recovery, queues: () => Promise<readonly string[]>, isResumed: boolean) {
    if (stopping.signal.aborted) return Promise.resolve(false);
    const known = underway.get(begun.id);
    if (known) return known;
    current.set(begun.id, begun);
    const work = run(begun, queues, isResumed)
      .then(
        () => true,
        (error) => {
          if (!stopping.signal.aborted)
            log.error({ worker: begun.id, error: messageOf(error) }, 'Recovery failed');
          return false;
        },
      )
      .finally(() => {
        current.delete(begun.id);
        underway.delete(begun.id);
      });
    underway.set(begun.id, work);
    return work;
  }

  /** The record once it is known who its orphans are. */
  async function recorded(worker: string): Promise<Recovery | undefined> {
    while (current.get(worker)?.reclaimMs === null) await clock.sleep(RECLAIM_LOOK_MS, stopping.signal);
    await journal.settled(worker);
    const stored = await untilDone('recoveries', () => store.board.recoveries(RECENT_RECOVERIES));
    return current.get(worker) ?? stored.find(({ id }) => id === worker);
  }

  async function amend(certificate: DeathCertificate): Promise<void> {
    const { worker, blame, cause } = certificate;
    const known = await recorded(worker);
    // A planned end that left nothing behind has no record.
    if (!known || (known.certificate.cause === 'shutdown' && orphanCount(known) === 0)) return;
    journal.save(worker, { ...known, certificate });
    log.info({ worker, cause, evidence: certificate.evidence[0]?.detail }, 'More is known of a death');
    // Whoever saw it without blame did not count it.
    if (blame !== 'jobs') return;
    const dead = { startId: worker, certificate };
    for (const [queue, ids] of Object.entries(known.orphans)) {
      await untilDone('blame', () => store.supervision.blame(queue, dead, ids));
    }
  }

  return {
    async amend(certificate) {
      await amend(certificate).catch((error) => {
        if (!stopping.signal.aborted) log.error({ error: messageOf(error) }, 'A death was not amended');
      });
    },
    recover: (certificate, queues) => begin(beginRecovery(certificate), queues, false),
    resume: (recovery, queues) => begin(recovery, queues, true),
    respawned(joined) {
      for (const recovery of current.values()) {
        const known = withRespawn(recovery, joined);
        if (known) note(known);
      }
      for (const known of respawns.answer(joined)) {
        journal.save(known.id, known);
        traces.respawned(known);
        dependencies.onLateRespawn?.(known);
      }
    },
    running: () => [...current.values()],
    async stop() {
      stopping.abort(new Error('the supervisor stops'));
      await traces.stop();
      await Promise.all(underway.values());
      await journal.settled();
    },
  };
}
