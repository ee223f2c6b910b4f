import {
  createDurationHistogram,
  createGcMeter,
  type DurationCounts,
  GC_KINDS,
  type GcKind,
} from '@millrace/telemetry';

/** What held up a process: its event loop's delays, and the pauses of its garbage collector. */
export interface BodyDurations {
  readonly loopDelays: DurationCounts;
  readonly gcPauses: Readonly<Record<GcKind, DurationCounts>>;
}

/** A reading tells the longest delay since the reading before the last: every second one tells of a time of its own. */
const READINGS_A_WINDOW = 2;

/** Counts what held up this process, between `start` and `stop`. */
export function createBodyMeter() {
  const loopDelays = createDurationHistogram();
  const gc = createGcMeter();
  let readings = 0;
  return {
    start: gc.start,
    stop: gc.stop,
    /** The longest delay that was read, ms. */
    read(loopDelayMs: number): void {
      if (++readings % READINGS_A_WINDOW === 0) loopDelays.record(loopDelayMs / 1_000);
    },
    counts: (): BodyDurations => ({
      loopDelays: loopDelays.counts(),
      gcPauses: Object.fromEntries(gc.pauses()) as Record<GcKind, DurationCounts>,
    }),
  };
}

/** Sums what several processes were held up by. */
export function sumBodies(bodies: readonly BodyDurations[]): BodyDurations {
  const loopDelays = createDurationHistogram();
  const gcPauses = GC_KINDS.map((kind) => [kind, createDurationHistogram()] as const);
  for (const body of bodies) {
    loopDelays.add(body.loopDelays);
    for (const [kind, pauses] of gcPauses) pauses.add(body.gcPauses[kind]);
  }
  const counted = gcPauses.map(([kind, pauses]) => [kind, pauses.counts()]);
  return { loopDelays: loopDelays.counts(), gcPauses: Object.fromEntries(counted) };
}

/** Of a process that nobody has heard of yet. */
export const noBody = (): BodyDurations => sumBodies([]);
