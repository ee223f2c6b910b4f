import { didYouMean, MillraceError } from '@millrace/core';
import type { VariantName } from '../stock/variants.ts';

/** The platform under the bench: the demo's shape, 64 jobs at once in 4 worker processes. */
export const SHAPE = { queue: 'workload', processes: 4, concurrency: 16 } as const;

/** The bound of the queue: never met in the open loop, always met when all capacity is to be busy. */
export const BOUND = { open: 10_000, busy: 256 } as const;

/**
 * The jobs are those of WORKLOAD.md, asleep ten times as long (its sleep-heavy sweep): 10 to 200 ms, so that a killed
 * process holds some, at a rate that two cores bear with a generator beside it.
 */
export const SLEEP_MUL = 10;

/** A restart budget that no plan of kills spends: each restart is the first one in its period. Stated in the output. */
export const BUDGET = { intensity: 100, periodMs: 1_000 } as const;

/** What one run of the bench does. Rates are jobs per second, times ms. */
export interface Plan {
  /** Open loop; about half of the 64 slots are busy. */
  readonly rate: number;
  /** Kills with idle capacity, half before stock's part and half after it. */
  readonly kills: number;
  readonly killMinMs: number;
  readonly killMaxMs: number;
  readonly busyKills: number;
  readonly freezes: number;
  readonly freezeEveryMs: number;
  /** Slower than the rest: two processes are frozen at a time. */
  readonly freezeRate: number;
  /** Load before the first fault of a part: what is normal is measured there. */
  readonly steadyMs: number;
  /** Queues, and so kills, of each of stock's variants. */
  readonly stockQueues: Readonly<Record<VariantName, number>>;
  readonly stockRate: number;
  /** Kills fall uniformly into this time: one period of stock's timers. */
  readonly stockPhaseMs: number;
  /** Who has not restarted an orphan by then is recorded as not recovered. */
  readonly stockLimitMs: number;
}

export const FULL: Plan = {
  rate: 300,
  kills: 110,
  killMinMs: 1_600,
  killMaxMs: 2_200,
  busyKills: 12,
  freezes: 10,
  freezeEveryMs: 3_000,
  freezeRate: 150,
  steadyMs: 5_000,
  stockQueues: { defaults: 12, tuned: 12 },
  stockRate: 40,
  stockPhaseMs: 30_000,
  stockLimitMs: 130_000,
};

/** Everything once but stock's defaults, which take more than a minute; nothing often enough to be a figure. */
export const QUICK: Plan = {
  ...FULL,
  rate: 150,
  kills: 3,
  killMinMs: 700,
  killMaxMs: 1_000,
  busyKills: 1,
  freezes: 1,
  freezeEveryMs: 500,
  steadyMs: 1_000,
  stockQueues: { defaults: 0, tuned: 1 },
  stockPhaseMs: 1_000,
  stockLimitMs: 8_000,
};

/** The parts of a run that `--only` may name. */
export const PARTS = ['idle', 'busy', 'frozen', 'stock'] as const;
export type PartName = (typeof PARTS)[number];

/** What a run does not do. */
const WITHOUT: Readonly<Record<PartName, Partial<Plan>>> = {
  idle: { kills: 0 },
  busy: { busyKills: 0 },
  frozen: { freezes: 0 },
  stock: { stockQueues: { defaults: 0, tuned: 0 } },
};

/** `plan` with the parts that were chosen (null: all), and as many kills as fit when they are to last `seconds`. */
export function planFor(plan: Plan, seconds: number | null, only: readonly string[] | null): Plan {
  const everyMs = (plan.killMinMs + plan.killMaxMs) / 2;
  const kills = seconds === null ? plan.kills : Math.max(2, Math.round((seconds * 1000) / everyMs));
  const absent = PARTS.filter((part) => only !== null && !only.includes(part)).map((part) => WITHOUT[part]);
  return Object.assign({}, plan, { kills }, ...absent) as Plan;
}

/** Throws `usage` when `only` names what there is not. */
export function checkParts(only: readonly string[] | null): void {
  const stray = only?.find((name) => !PARTS.some((part) => part === name));
  if (stray === undefined) return;
  const sentence = `There is no part "${stray}"${didYouMean(stray, PARTS)}. There are: ${PARTS.join(', ')}.`;
  throw new MillraceError('usage', sentence);
}
