import type { PodLoad } from './spared-pods.ts';

/** What a pod has to do is judged over this long: a pod of short jobs is busy at one look and idle at the next. */
const RECENT_MS = 5_000;

/** How many jobs ran in one pod at a moment. */
export interface LoadNow {
  readonly pod: string;
  readonly pool: string;
  readonly busy: number;
}

/** Looks of late, by pod. Times are ms of one monotonic clock. */
export type Looks = ReadonlyMap<string, readonly { readonly atMs: number; readonly busy: number }[]>;

/** One look more; pods that are not in it are forgotten. */
export function look(before: Looks, loads: readonly LoadNow[], nowMs: number): Looks {
  return new Map(
    loads.map(({ pod, busy }) => {
      const recent = (before.get(pod) ?? []).filter(({ atMs }) => nowMs - atMs <= RECENT_MS);
      return [pod, [...recent, { atMs: nowMs, busy }]];
    }),
  );
}

/** What those looks come to. */
export function recentLoads(looks: Looks, loads: readonly LoadNow[]): readonly PodLoad[] {
  return loads.map(({ pod, pool, busy }) => {
    const all = [busy, ...(looks.get(pod) ?? []).map((each) => each.busy)];
    return { pod, pool, most: Math.max(...all), least: Math.min(...all) };
  });
}
