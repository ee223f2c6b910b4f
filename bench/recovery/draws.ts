import { crashes, parseParameters } from '@millrace/workload';

const RANGE = 65_536;

/** Uniform draws in [0, 1), from the workload's own seeded generator. */
export function draws(seed: number): () => number {
  const parsed = parseParameters({ seed, crash_min_ms: 1, crash_max_ms: RANGE });
  if (!parsed.ok) throw new Error('the draws have no parameters');
  const sequence = crashes(parsed.value);
  let before = 0;
  return () => {
    const { value } = sequence.next();
    const atMs = value?.atMs ?? 0;
    const drawn = (atMs - before - 1) / RANGE;
    before = atMs;
    return drawn;
  };
}
