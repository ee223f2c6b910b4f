import type { Clock } from '@millrace/core';
import { chooseVictim, signalProcess, type WorkerWatch } from '@millrace/local';
import { crashes, parseParameters } from '@millrace/workload';
import { SHAPE } from './settings.ts';

/** A fault that is due `atMs` after the load began, on that slot (or the next one that is up). */
export interface PlannedFault {
  readonly atMs: number;
  readonly slot: number;
}

/** A fault that was made. */
export interface Fault {
  readonly worker: string;
  readonly pid: number;
  /** Just before the signal was sent: ms since 1970, with fractions. */
  readonly atMs: number;
  /** What it held, by the store's locks, read as soon as the signal was sent. */
  readonly held: readonly string[];
}

/** The first `count` crashes of WORKLOAD.md's seeded sequence, at intervals of `minMs` to `maxMs`, after `fromMs`. */
export function planFaults(
  seed: number,
  count: number,
  { fromMs, minMs, maxMs }: { readonly fromMs: number; readonly minMs: number; readonly maxMs: number },
): PlannedFault[] {
  const parsed = parseParameters({
    seed,
    crash_min_ms: minMs,
    crash_max_ms: maxMs,
    crash_slots: SHAPE.processes,
  });
  if (!parsed.ok) throw new Error(`the bench's crashes: ${JSON.stringify(parsed.faults)}`);
  const planned: PlannedFault[] = [];
  for (const { atMs, drawn } of crashes(parsed.value)) {
    if (planned.length >= count) break;
    planned.push({ atMs: fromMs + atMs, slot: drawn });
  }
  return planned;
}

/** The list of workers is asked for this long before a fault is due, so that it is fresh. */
const LOOK_AHEAD_MS = 25;
const AGAIN_MS = 20;

/** Sends `kind` to workers as planned, counted from the call. Resolves when all were hit. */
export async function makeFaults(
  plan: readonly PlannedFault[],
  kind: 'SIGKILL' | 'SIGSTOP',
  dependencies: {
    readonly clock: Clock;
    readonly watch: WorkerWatch;
    readonly heldBy: (worker: string) => Promise<readonly string[]>;
    readonly signal: AbortSignal;
    readonly onFault: (fault: Fault) => void;
  },
): Promise<Fault[]> {
  const { clock, watch, heldBy, signal, onFault } = dependencies;
  const startMs = clock.monotonicMs();
  const until = async (atMs: number) => {
    const waitMs = startMs + atMs - clock.monotonicMs();
    if (waitMs > 0) await clock.sleep(waitMs, signal);
  };
  const made: Fault[] = [];
  const isUp = (pid: number) => !made.some((fault) => fault.pid === pid) && signalProcess(pid, 0);
  for (const { atMs, slot } of plan) {
    await until(atMs - LOOK_AHEAD_MS);
    await watch.refresh();
    await until(atMs);
    for (;;) {
      signal.throwIfAborted();
      const victim = chooseVictim(watch.workers, slot, SHAPE.processes, isUp);
      const fault = victim && { worker: victim.id, pid: victim.pid, atMs: clock.epochUs() / 1000 };
      if (fault && signalProcess(fault.pid, kind)) {
        const hit = { ...fault, held: await heldBy(fault.worker) };
        made.push(hit);
        onFault(hit);
        break;
      }
      await clock.sleep(AGAIN_MS, signal);
      await watch.refresh();
    }
  }
  return made;
}
