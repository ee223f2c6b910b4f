import { compute, draw, hi, lcg, lcg4 } from './lcg.ts';
import type { WorkloadParameters } from './parameters.ts';

/** Knuth's multiplier: spreads neighbouring ids over all 32 bits. */
const SPREAD = 2_654_435_761;

/** Above this many steps, `compute_on: auto` computes in the pool. */
const INLINE_STEPS = 20_000;

/** What one job does; a function of the parameters and its id alone. */
export interface JobPlan {
  /** Where its compute starts. */
  readonly start: number;
  readonly workUnits: number;
  readonly sleepMs: number;
  readonly tail: boolean;
  /** Its first attempt fails, after the compute. */
  readonly failsOnce: boolean;
  /** How long it spins on the scheduler's own thread; mostly 0. */
  readonly blockMs: number;
  /** Whether its compute goes to the pool. */
  readonly pooled: boolean;
}

function isPooled(on: WorkloadParameters['compute_on'], workUnits: number): boolean {
  return on === 'pool' || (on === 'auto' && workUnits > INLINE_STEPS);
}

/** Plans job `id`. */
export function planJob(p: WorkloadParameters, id: number): JobPlan {
  let x = lcg4((p.seed + Math.imul(id, SPREAD)) >>> 0);
  let workUnits = Math.floor((draw(x, p.work_min, p.work_max) * p.work_mul) / p.work_div);
  x = lcg(x);
  const sleepMs = draw(x, p.sleep_min, p.sleep_max) * p.sleep_mul;
  x = lcg(x);
  const tail = hi(x) % 1000 < p.tail_per_mille;
  if (tail) workUnits *= p.tail_factor;
  // Two more draws, which leave x, and so the compute, as they were.
  const failDraw = lcg(x);
  const blockDraw = lcg(failDraw);
  return {
    start: x,
    workUnits,
    sleepMs,
    tail,
    failsOnce: hi(failDraw) % 1000 < p.fail_per_mille,
    blockMs: hi(blockDraw) % 1000 < p.block_per_mille ? p.block_ms : 0,
    pooled: isPooled(p.compute_on, workUnits),
  };
}

/** The checksum of job `id`, worked out here and now. */
export function checksumOf(parameters: WorkloadParameters, id: number): number {
  const { start, workUnits } = planJob(parameters, id);
  return compute(start, workUnits);
}

/** When job `id` is due, in ms from the run's start; null when the run is not paced. */
export function scheduledMs({ rate }: WorkloadParameters, id: number): number | null {
  return rate > 0 ? (id * 1000) / rate : null;
}
