import type { Clock } from '@millrace/core';
import { signalProcess } from '../launch/process-identity.ts';
import type { Kill } from './recovery-times.ts';
import { chooseVictim } from './victim.ts';
import type { WorkerWatch } from './worker-watch.ts';

/** A crash of the seeded sequence: ms from the first offer, and the slot that it hits. */
export interface PlannedCrash {
  readonly atMs: number;
  readonly slot: number;
}

/** The list of workers is asked for this long before a crash is due, so that it is fresh. */
const LOOK_AHEAD_MS = 25;
const AGAIN_MS = 20;

/**
 * Kills workers as planned, counted from `startedMs` (monotonic). Returns when all were killed or `signal` aborts,
 * which is what the end of the run does: no crash falls due after the last job is done.
 */
export async function makeCrashes(
  plan: readonly PlannedCrash[],
  slots: number,
  watch: WorkerWatch,
  dependencies: { readonly clock: Clock; readonly startedMs: number; readonly onKill: (kill: Kill) => void },
  signal: AbortSignal,
): Promise<void> {
  const { clock, startedMs, onKill } = dependencies;
  const until = async (atMs: number) => {
    const waitMs = startedMs + atMs - clock.monotonicMs();
    if (waitMs > 0) await clock.sleep(waitMs, signal);
  };
  // A process that was just killed still answers while it gives its memory back.
  const killed = new Set<string>();
  try {
    for (const crash of plan) {
      await until(crash.atMs - LOOK_AHEAD_MS);
      await watch.refresh();
      await until(crash.atMs);
      for (;;) {
        signal.throwIfAborted();
        const victim = chooseVictim(
          watch.workers.filter(({ id }) => !killed.has(id)),
          crash.slot,
          slots,
          (pid) => signalProcess(pid, 0),
        );
        const atMs = clock.nowMs();
        if (victim && victim.slot !== null && signalProcess(victim.pid, 'SIGKILL')) {
          const { id: worker, pid, slot } = victim;
          killed.add(worker);
          onKill({ worker, pid, slot, drawn: crash.slot, atMs, plannedMs: crash.atMs });
          break;
        }
        // All slots are down: the whole pod is being replaced.
        await clock.sleep(AGAIN_MS, signal);
        await watch.refresh();
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
