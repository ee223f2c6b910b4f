/** A job on the way: due to be done at `dueMs`, done at `doneMs`; null when it never was. Any one clock, in ms. */
export interface Passage {
  readonly dueMs: number;
  readonly doneMs: number | null;
}

interface Step {
  readonly atMs: number;
  readonly by: 1 | -1;
}

/** Jobs that should be done and are not, as a line of steps up and down. */
function stepsOf(jobs: readonly Passage[]): Step[] {
  const steps: Step[] = [];
  for (const { dueMs, doneMs } of jobs) {
    if (doneMs !== null && doneMs <= dueMs) continue;
    steps.push({ atMs: dueMs, by: 1 });
    if (doneMs !== null) steps.push({ atMs: doneMs, by: -1 });
  }
  return steps.sort((a, b) => a.atMs - b.atMs);
}

/** Calls `fn` with every stretch of [fromMs, untilMs) in which the number of overdue jobs stays the same. */
function eachLevel(
  jobs: readonly Passage[],
  fromMs: number,
  untilMs: number,
  fn: (level: number, ms: number, startMs: number) => void,
): void {
  let level = 0;
  let atMs = fromMs;
  for (const step of stepsOf(jobs)) {
    const stepMs = Math.min(Math.max(step.atMs, fromMs), untilMs);
    if (stepMs > atMs) fn(level, stepMs - atMs, atMs);
    atMs = stepMs;
    level += step.by;
  }
  if (untilMs > atMs) fn(level, untilMs - atMs, atMs);
}

/** The mean number of overdue jobs in [fromMs, untilMs): what a healthy system shows too, by its own latency. */
export function meanLevel(jobs: readonly Passage[], fromMs: number, untilMs: number): number {
  let area = 0;
  eachLevel(jobs, fromMs, untilMs, (level, ms) => {
    area += level * ms;
  });
  return untilMs > fromMs ? area / (untilMs - fromMs) : 0;
}

/**
 * The loss area of [fromMs, untilMs) in job-seconds: ∫ max(0, offered − done − steady) dt, where `offered` and
 * `done` count jobs since the start. Counts, not rates: a rate tells how many jobs were late, never by how long.
 * Where the work of each job is known beforehand, `dueMs` is when it could be done at the earliest, so that a
 * healthy system's area is its latency alone.
 */
export function lossArea(
  jobs: readonly Passage[],
  { fromMs, untilMs, steady }: { readonly fromMs: number; readonly untilMs: number; readonly steady: number },
): number {
  let area = 0;
  eachLevel(jobs, fromMs, untilMs, (level, ms) => {
    area += Math.max(0, level - steady) * ms;
  });
  return area / 1000;
}

/** The first moment from `fromMs` on at which no more jobs are overdue than `steady`; null when there is none. */
export function settledAt(jobs: readonly Passage[], fromMs: number, steady: number): number | null {
  let settled: number | null = null;
  eachLevel(jobs, fromMs, Number.POSITIVE_INFINITY, (level, _ms, startMs) => {
    if (settled === null && level <= steady) settled = startMs;
  });
  return settled;
}
