import { draw, hi, lcg, lcg4 } from './lcg.ts';
import type { WorkloadParameters } from './parameters.ts';

/** Parts the crash sequence from the jobs of the same seed. */
const CRASH_SEED = 805_460;

/** One crash of the sequence. */
export interface Crash {
  /** From the first offer of a job. */
  readonly atMs: number;
  /** The slot that was drawn; see {@link victimSlot} for the slot that is hit. */
  readonly drawn: number;
}

/** The crashes of a run, in order and without end; none when crashes are off. The run's last job ends them. */
export function* crashes(p: WorkloadParameters): Generator<Crash, void, void> {
  if (p.crash_max_ms === 0) return;
  let c = lcg4((p.seed ^ CRASH_SEED) >>> 0);
  let atMs = 0;
  for (;;) {
    atMs += draw(c, p.crash_min_ms, p.crash_max_ms);
    yield { atMs, drawn: hi(lcg(c)) % p.crash_slots };
    c = lcg4(c);
  }
}

/** The slot that is hit: the drawn one, or the next above it, cyclically, that is up; null when none is. */
export function victimSlot(drawn: number, slots: number, isUp: (slot: number) => boolean): number | null {
  for (let i = 0; i < slots; i++) {
    const slot = (drawn + i) % slots;
    if (isUp(slot)) return slot;
  }
  return null;
}
