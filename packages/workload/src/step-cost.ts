import { compute } from './lcg.ts';

const STEPS = 2_000_000;
const ROUNDS = 7;

/**
 * The cost of a compute step on this thread, in ns: what every run records. Blocks for about 20 ms. It is the least
 * of several rounds, since whatever disturbs a round only adds to it. `monotonicMs` must resolve well below a ms.
 */
export function measureNsPerStep(monotonicMs: () => number): number {
  const rounds: number[] = [];
  // Each round starts where the last one ended: none can be left out, or be done ahead of its time.
  let value = compute(1, STEPS);
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = monotonicMs();
    value = compute(value, STEPS);
    rounds.push(((monotonicMs() - startMs) * 1e6) / STEPS);
  }
  return Math.min(...rounds);
}
