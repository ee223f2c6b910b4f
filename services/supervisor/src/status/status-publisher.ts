import { type Clock, type ClusterStatus, type Log, messageOf } from '@millrace/core';
import type { Store } from '@millrace/queue';

/** A change is told at once, but no more often than this. */
const MIN_GAP_MS = 200;
/** Beats alone are told this often; it must stay well under what the board keeps a picture. */
const MAX_GAP_MS = 1_000;

/** Publishes the picture of the cluster. */
export interface StatusPublisher {
  start(): void;
  stop(): void;
  changed(): void;
}

/** `picture` is asked for at each publication. While the store is away nothing is queued up. */
export function createStatusPublisher(
  store: Pick<Store, 'board' | 'connected'>,
  picture: () => ClusterStatus,
  clock: Clock,
  log: Log,
): StatusPublisher {
  let stopped = false;
  let publishing = false;
  let lastMs = Number.NEGATIVE_INFINITY;
  let due: { cancel(): void } | undefined;

  function schedule(gapMs: number): void {
    if (stopped) return;
    due?.cancel();
    due = clock.after(Math.max(0, lastMs + gapMs - clock.monotonicMs()), () => void publish());
  }

  async function publish(): Promise<void> {
    lastMs = clock.monotonicMs();
    changedSince = false;
    if (store.connected && !publishing) {
      publishing = true;
      await store.board.publishStatus(picture()).catch((error) => {
        log.debug({ error: messageOf(error) }, 'The picture of the cluster was not published');
      });
      publishing = false;
    }
    schedule(changedSince ? MIN_GAP_MS : MAX_GAP_MS);
  }

  let changedSince = false;
  return {
    start: () => schedule(0),
    stop() {
      stopped = true;
      due?.cancel();
    },
    changed() {
      if (changedSince) return;
      changedSince = true;
      if (due && !publishing) schedule(MIN_GAP_MS);
    },
  };
}
