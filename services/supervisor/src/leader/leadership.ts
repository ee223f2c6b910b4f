import { type Clock, type Lifecycle, type Log, lifecycle, messageOf } from '@millrace/core';
import type { Board } from '@millrace/queue';
import { abortable } from '../abortable.ts';

/** Who does not lead asks this often whether the lease is free, or as often as a leader renews it. */
const ASK_MS = 250;
/** How much longer than a lease a newcomer stands back. */
const STAND_BACK_MS = 4 * ASK_MS;
/** What giving the lease up may take at the end; it expires by itself. */
const RESIGN_MS = 1_000;

export interface LeadershipDependencies {
  readonly board: Pick<Board, 'lead' | 'resign'>;
  readonly id: string;
  readonly leaseMs: number;
  /**
   * Whether there are other replicas. While a lease stands when we come, they watch and we have heard of nothing: should
   * its holder be dead, one of them is to lead, since only they know how pods ended meanwhile.
   */
  readonly hasPeers: boolean;
  /** We lead from now on, until `onLoss`. */
  readonly onGain: () => void;
  readonly onLoss: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The lease of the one replica that acts on the outside: pods, pools, circuits, operators' orders. */
export interface Leadership extends Lifecycle {
  /**
   * Whether we may act at this very moment; to be asked before each act. Our own monotonic clock answers, counted
   * from before the last successful renewal was sent: whoever slept past its lease knows it when it wakes.
   */
  leads(): boolean;
}

/** See {@link Leadership}. The store away is no loss before the lease is over. */
export function createLeadership(dependencies: LeadershipDependencies): Leadership {
  const { board, id, leaseMs, hasPeers, onGain, onLoss, clock, log } = dependencies;
  const stopping = new AbortController();
  let untilMs = Number.NEGATIVE_INFINITY;
  let announced = false;
  let isNewcomer = true;
  let work: Promise<void> = Promise.resolve();

  const leads = () => clock.monotonicMs() < untilMs;

  function announce(): void {
    if (announced === leads()) return;
    announced = !announced;
    log.info({ supervisor: id }, announced ? 'This supervisor leads' : 'This supervisor leads no more');
    if (announced) onGain();
    else onLoss();
  }

  async function ask(): Promise<void> {
    const askedMs = clock.monotonicMs();
    const granted = await abortable(board.lead(id, leaseMs), stopping.signal);
    // A lease that was over meanwhile may have been another's: that is a loss, also when it is ours again.
    announce();
    untilMs = granted ? askedMs + leaseMs : Number.NEGATIVE_INFINITY;
    const standsBack = isNewcomer && hasPeers && !granted;
    isNewcomer = false;
    if (standsBack) await clock.sleep(leaseMs + STAND_BACK_MS, stopping.signal);
  }

  async function keepAsking(): Promise<void> {
    while (!stopping.signal.aborted) {
      await ask().catch((error) => {
        if (!stopping.signal.aborted) log.debug({ error: messageOf(error) }, 'The lease was not renewed');
      });
      if (stopping.signal.aborted) return;
      announce();
      // From when it was sent: an answer that took long brings the next question nearer.
      const pauseMs = leads() ? untilMs - (2 * leaseMs) / 3 - clock.monotonicMs() : ASK_MS;
      await clock.sleep(Math.min(Math.max(0, pauseMs), leaseMs / 3), stopping.signal).catch(() => undefined);
      announce();
    }
  }

  async function resign(): Promise<void> {
    const wasLeader = announced;
    untilMs = Number.NEGATIVE_INFINITY;
    announce();
    if (!wasLeader) return;
    const limit = new AbortController();
    const timer = clock.after(RESIGN_MS, () => limit.abort(new Error('the store does not answer')));
    await abortable(board.resign(id), limit.signal).catch((error) => {
      log.debug({ error: messageOf(error) }, 'The lease was not given up; it expires');
    });
    timer.cancel();
  }

  return {
    leads,
    ...lifecycle(
      async () => {
        work = keepAsking();
      },
      async () => {
        stopping.abort(new Error('the supervisor stops'));
        await work;
        await resign();
      },
    ),
  };
}
