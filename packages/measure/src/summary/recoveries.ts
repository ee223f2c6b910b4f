import type { Death } from '../book/death-book.ts';
import type { Timeline } from '../book/timeline.ts';
import { steadyOf, timeToBand } from '../figures/band.ts';
import { BandWindows } from './band-windows.ts';
import type { BandFigures, RecoveryFigures } from './run-summary.ts';

/** When a run counts as recovered. */
export interface BandSettings {
  /** Share of the rate that is enough. */
  readonly band: number;
  readonly holdMs: number;
  readonly windowMs: number;
  /** Jobs per second that were offered, in an open loop; null: the rate before counts. */
  readonly offered: number | null;
}

/** So long a run must have been left in peace before a death, to tell what is normal. */
const BASELINE_MS = 5_000;

const round = (ms: number) => Math.round(ms * 10) / 10;

/** Loss areas between two moments: job-seconds, less what was normal before. */
class LossAreas {
  readonly #areas: Float64Array;
  readonly #binUs: number;

  constructor(timeline: Timeline) {
    this.#areas = timeline.areas();
    this.#binUs = timeline.binUs;
  }

  /** Mean number of overdue jobs in [fromMs, untilMs). */
  level(fromMs: number, untilMs: number): number {
    const [first, last] = this.#range(fromMs, untilMs);
    if (last <= first) return 0;
    return (
      this.#areas.subarray(first, last).reduce((sum, area) => sum + area, 0) / ((last - first) * this.#binUs)
    );
  }

  beyond(steady: number, fromMs: number, untilMs: number): number {
    const [first, last] = this.#range(fromMs, untilMs);
    const normal = steady * this.#binUs;
    return this.#areas.subarray(first, last).reduce((sum, area) => sum + Math.max(0, area - normal), 0) / 1e6;
  }

  #range(fromMs: number, untilMs: number): [number, number] {
    const bin = (ms: number) =>
      Math.min(this.#areas.length, Math.max(0, Math.round((ms * 1_000) / this.#binUs)));
    return [bin(fromMs), bin(untilMs)];
  }
}

/** The whole run's loss area: every job from due until done. */
export function wholeLossArea(timeline: Timeline): number {
  return round(timeline.areas().reduce((sum, area) => sum + area, 0) / 1e6);
}

interface Stretch {
  /** The end of the last trouble before. */
  readonly calmMs: number;
  readonly atMs: number;
  /** The next death, or the end. */
  readonly untilMs: number;
}

function bandOf(
  windows: BandWindows,
  { calmMs, atMs, untilMs }: Stretch,
  settings: BandSettings,
): BandFigures | null {
  if (atMs - calmMs < BASELINE_MS) return null;
  const steady = steadyOf(windows.between(calmMs, atMs));
  if (steady === null) return null;
  const { band, holdMs, offered } = settings;
  const after = windows.between(atMs, untilMs);
  if (after.length === 0) return null;
  const { throughput, whole } = timeToBand(after, atMs, steady, {
    rate: offered ?? steady.rate,
    band,
    holdMs,
  });
  const told = (ms: number | null) => (ms === null ? null : round(ms));
  return { throughputMs: told(throughput), wholeMs: told(whole), baseline: round(steady.rate) };
}

/** Every death with its phases, its loss area and its time to band. */
export function recoveriesOf(
  deaths: readonly Death[],
  timeline: Timeline,
  settings: BandSettings,
): RecoveryFigures[] {
  const windows = new BandWindows(timeline, settings.windowMs);
  const losses = new LossAreas(timeline);
  const endMs = timeline.endUs / 1_000;
  let calmMs = 0;
  return deaths.map((death, i) => {
    const atMs = death.atUs / 1_000;
    const untilMs = Math.min(endMs, (deaths[i + 1]?.atUs ?? Number.POSITIVE_INFINITY) / 1_000);
    const since = (us: number | null) => (us === null ? null : round((us - death.atUs) / 1_000));
    const steady = losses.level(Math.max(calmMs, atMs - BASELINE_MS), atMs);
    const band = bandOf(windows, { calmMs, atMs, untilMs }, settings);
    calmMs = Math.max(atMs, (death.lastRestartUs ?? 0) / 1_000) + (band?.wholeMs ?? 0);
    return {
      ...{
        worker: death.worker,
        cause: death.cause,
        slot: death.slot,
        atMs: round(atMs),
        orphans: death.orphans,
      },
      ...{ detectMs: since(death.detectedUs), fenceMs: since(death.fencedUs) },
      ...{ reclaimMs: since(death.reclaimedUs), respawnMs: since(death.respawnedUs) },
      ...{ firstOrphanMs: since(death.firstRestartUs), lastOrphanMs: since(death.lastRestartUs) },
      lossArea: Math.round(losses.beyond(steady, atMs, untilMs) * 1_000) / 1_000,
      band,
      traceId: death.traceId,
    };
  });
}
