import { type Clock, type DeathCertificate, type Log, messageOf, type Recovery } from '@millrace/core';
import type { Store } from '@millrace/queue';
import type { Pod } from './cluster/cluster.ts';
import { nowMs } from './now.ts';
import type { Recoverer } from './recovery/recoverer.ts';
import type { Watcher } from './watch/watcher.ts';

const REMEMBERED_RECOVERIES = 1_000;
const RETRY_MS = 100;
/** A recovery that runs for so long is finished by everyone: whoever began it may be dead. */
const LONG_MS = 5_000;
const SWEPT_RECOVERIES = 200;

export interface InheritanceDependencies {
  readonly store: Pick<Store, 'board'>;
  readonly watcher: Watcher;
  readonly recoverer: Recoverer;
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
  /** The cluster's list: an inherited worker of a pod that is not in it ended with that pod. */
  podsListed(pods: readonly Pod[]): void;
}

/** See {@link Inheritance}. */
export function createInheritance({
  store,
  watcher,
  recoverer,
  clock,
  log,
}: InheritanceDependencies): Inheritance {
  const settled = new Set<string>();
  let taken: (() => void) | undefined;
  const whenTaken = new Promise<void>((resolve) => {
    taken = resolve;
  });
  let listed: ReadonlySet<string> | undefined;
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
    settled.add(recovery.id);
    watcher.watch.bury(recovery.id);
    if (recovery.state === 'done') return;
    log.info({ worker: recovery.id }, 'Finishing a recovery that another supervisor began');
    void recoverer.resume(recovery, () => watcher.queuesOf(recovery.id));
  }

  /** Whoever we only know by hearsay, of a pod that the cluster does not have. */
  function endLostPods(): void {
    if (!complete || !listed) return;
    const at = nowMs(clock);
    const lost = new Set(
      watcher.watch
        .living()
        .filter(({ met, pod }) => !met && !listed?.has(pod))
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
    podsListed(pods) {
      listed = new Set(pods.map(({ id }) => id));
      endLostPods();
    },
  };
}
