import { type Clock, type DeathCertificate, type Log, messageOf, type Recovery } from '@millrace/core';
import type { Store } from '@millrace/queue';
import { nowMs } from './now.ts';
import type { Recoverer } from './recovery/recoverer.ts';
import type { Roster } from './roster.ts';
import type { Watcher } from './watch/watcher.ts';

const REMEMBERED_RECOVERIES = 1_000;
const RETRY_MS = 100;
/** A recovery that runs for so long is finished by everyone: whoever began it may be dead. */
const LONG_MS = 5_000;
const SWEPT_RECOVERIES = 200;
/** As many dead as the death watch remembers. */
const REMEMBERED_SETTLED = 10_000;

export interface InheritanceDependencies {
  readonly store: Pick<Store, 'board'>;
  readonly watcher: Watcher;
  readonly recoverer: Recoverer;
  readonly roster: Pick<Roster, 'died'>;
  /** All pods that the cluster runs at this moment; null while we do not know, or it runs none by itself. */
  readonly livingPods: () => readonly string[] | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** What other supervisors left in the store: who worked, who was being recovered, who is done with. */
export interface Inheritance {
  /** Reads it as soon as the store answers, and acts on it. Rejects only when `signal` aborts. */
  take(signal: AbortSignal): Promise<void>;
  /**
   * Finishes recoveries that another replica began long ago. Should that one still be at it, nothing is lost: every step
   * is idempotent, and the two write the same record.
   */
  sweep(): Promise<void>;
  /** Recovers a death, unless an earlier supervisor dealt with it: waits for `take` to know. */
  recover(certificate: DeathCertificate): void;
  /** The cluster has told which pods live: an inherited worker of any other ended with its pod. */
  podsListed(): void;
}

/** See {@link Inheritance}. */
export function createInheritance({
  store,
  watcher,
  recoverer,
  roster,
  livingPods,
  clock,
  log,
}: InheritanceDependencies): Inheritance {
  /** Whom somebody has recovered, or does it: no business of ours. */
  const settled = new Set<string>();
  let taken: (() => void) | undefined;
  const whenTaken = new Promise<void>((resolve) => {
    taken = resolve;
  });
  let complete = false;

  async function read(signal: AbortSignal) {
    for (;;) {
      signal.throwIfAborted();
      try {
        return await Promise.all([store.board.status(), store.board.recoveries(REMEMBERED_RECOVERIES)]);
      } catch (error) {
        log.debug({ error: messageOf(error) }, 'The store does not answer yet');
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }

  function settle(recovery: Recovery): void {
    const { id } = recovery;
    settled.add(id);
    const [oldest] = settled;
    if (settled.size > REMEMBERED_SETTLED && oldest !== undefined) settled.delete(oldest);
    watcher.watch.bury(id);
    // It may have said hello to us before we knew.
    roster.died(id, nowMs(clock));
    if (recovery.state === 'done') return;
    log.info({ worker: id }, 'Finishing a recovery that another supervisor began');
    void recoverer
      .resume(recovery, () => watcher.queuesOf(id))
      // What failed is left for the next sweep.
      .then((isOver) => void (isOver || settled.delete(id)));
  }

  /** Whoever we only know by hearsay, of a pod that the cluster does not have by now. */
  function endLostPods(): void {
    const alive = livingPods();
    if (!complete || !alive) return;
    const living = new Set(alive);
    const at = nowMs(clock);
    const lost = new Set(
      watcher.watch
        .living()
        .filter(({ met, pod }) => !met && !living.has(pod))
        .map(({ pod }) => pod),
    );
    const exit = {
      code: null,
      signal: null,
      atMs: at,
      expected: false,
      detail: 'its cluster does not list it',
    };
    for (const pod of lost) watcher.podExited(pod, exit);
  }

  return {
    async take(signal) {
      const [picture, recoveries] = await read(signal);
      for (const recovery of recoveries) settle(recovery);
      for (const { id, pod, pid, slot, state } of picture?.workers ?? []) {
        if (state !== 'dead') watcher.watch.hearsay({ id, pod, pid, slot }, nowMs(clock));
      }
      complete = true;
      taken?.();
      endLostPods();
    },
    async sweep() {
      // The store away: the next sweep is as good.
      const recoveries = await store.board.recoveries(SWEPT_RECOVERIES).catch(() => []);
      const ours = new Set(recoverer.running().map(({ id }) => id));
      const isLeft = ({ id, state, diedAtMs }: Recovery) =>
        state === 'running' && nowMs(clock) - diedAtMs > LONG_MS && !ours.has(id) && !settled.has(id);
      for (const recovery of recoveries.filter(isLeft)) settle(recovery);
    },
    recover(certificate) {
      const { worker } = certificate;
      const go = () => {
        if (!settled.has(worker)) void recoverer.recover(certificate, () => watcher.queuesOf(worker));
      };
      if (complete) go();
      else void whenTaken.then(go);
    },
    podsListed: endLostPods,
  };
}
