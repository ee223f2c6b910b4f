import { median, quantile } from './quantile.ts';

/** One job of a run: when it was due, when its handler started (its last time), when it was done. One clock, ms. */
export interface JobTimes {
  readonly dueMs: number;
  readonly startedMs: number | null;
  readonly doneMs: number | null;
}

/** What one window of a run shows. */
export interface Window {
  readonly startMs: number;
  readonly endMs: number;
  /** Jobs done per second. */
  readonly rate: number;
  /** Jobs due and not started, at the window's end. */
  readonly backlog: number;
  /** 99th percentile of the wait of the jobs that started in it; null when none did. */
  readonly waitP99Ms: number | null;
}

/** How the run went before the fault. */
export interface Steady {
  readonly rate: number;
  readonly backlogP95: number;
  readonly waitP99Ms: number;
}

/** Cuts [fromMs, untilMs) into windows of `windowMs`; a rest that fills none is left out. */
export function windowsOf(
  jobs: readonly JobTimes[],
  fromMs: number,
  untilMs: number,
  windowMs: number,
): Window[] {
  const count = Math.max(0, Math.floor((untilMs - fromMs) / windowMs));
  const done = new Array<number>(count).fill(0);
  const waits: number[][] = Array.from({ length: count }, () => []);
  // Change of the backlog in each window; what came before the first counts there.
  const change = new Array<number>(count).fill(0);
  const indexOf = (ms: number) => Math.floor((ms - fromMs) / windowMs);
  const add = (list: number[], at: number, by: number) => {
    if (at < count) list[at] = (list[at] as number) + by;
  };
  for (const { dueMs, startedMs, doneMs } of jobs) {
    add(change, Math.max(0, indexOf(dueMs)), 1);
    if (startedMs !== null) {
      add(change, Math.max(0, indexOf(startedMs)), -1);
      waits[indexOf(startedMs)]?.push(startedMs - dueMs);
    }
    if (doneMs !== null && doneMs >= fromMs) add(done, indexOf(doneMs), 1);
  }
  let backlog = 0;
  return done.map((jobsDone, i) => {
    backlog += change[i] as number;
    const startMs = fromMs + i * windowMs;
    const waitP99Ms = quantile(waits[i] as number[], 0.99);
    return { startMs, endMs: startMs + windowMs, rate: (jobsDone * 1000) / windowMs, backlog, waitP99Ms };
  });
}

/** The steady state that `windows` (5 s or more before the fault) show; null of none. */
export function steadyOf(windows: readonly Window[]): Steady | null {
  if (windows.length === 0) return null;
  return {
    rate: median(windows.map(({ rate }) => rate)) as number,
    backlogP95: quantile(
      windows.map(({ backlog }) => backlog),
      0.95,
    ) as number,
    waitP99Ms: Math.max(0, ...windows.map(({ waitP99Ms }) => waitP99Ms ?? 0)),
  };
}

/** When a run is back in its band. */
export interface BandRule {
  /** The rate that counts as whole: the steady one, or the offered one in an open loop. */
  readonly rate: number;
  /** Share of it that is enough. */
  readonly band: number;
  /** For how long it must hold. */
  readonly holdMs: number;
}

/** Start of the first stretch of `holdMs` in which every window fits; null when there is none. */
function firstStretch(windows: readonly Window[], holdMs: number, fits: (w: Window) => boolean) {
  let from: number | null = null;
  for (const window of windows) {
    if (!fits(window)) from = null;
    else from ??= window.startMs;
    if (from !== null && window.endMs - from >= holdMs) return from;
  }
  return null;
}

/**
 * Time to band: from the fault to the start of the first stretch of `holdMs` in which every window is in band, in
 * ms; null when the run ended before. `throughput` looks at the rate alone; `whole` asks also for the backlog back
 * within 10 % of its earlier p95 and a wait of at most 1.5 times, or 5 ms over, the earlier p99: a catch-up burst
 * satisfies the rate alone. `windows` start at the fault. A window should hold a hundred jobs or more: with few,
 * chance alone takes the rate out of the band.
 */
export function timeToBand(
  windows: readonly Window[],
  faultMs: number,
  steady: Steady,
  { rate, band, holdMs }: BandRule,
): { readonly throughput: number | null; readonly whole: number | null } {
  const longest = Math.max(1.5 * steady.waitP99Ms, steady.waitP99Ms + 5);
  const inRate = (window: Window) => window.rate >= band * rate;
  const isWhole = (window: Window) =>
    inRate(window) && window.backlog <= steady.backlogP95 * 1.1 && (window.waitP99Ms ?? 0) <= longest;
  const since = (fromMs: number | null) => (fromMs === null ? null : Math.max(0, fromMs - faultMs));
  return {
    throughput: since(firstStretch(windows, holdMs, inRate)),
    whole: since(firstStretch(windows, holdMs, isWhole)),
  };
}
