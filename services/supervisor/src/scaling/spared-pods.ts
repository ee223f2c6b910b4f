/** One pod of a pool, and how many jobs ran in it of late, at the most and at the least. */
export interface PodLoad {
  readonly pod: string;
  readonly pool: string;
  readonly most: number;
  readonly least: number;
}

/** How a pool stands against what is desired of it. */
export interface PoolAim {
  readonly desired: number;
  /** Pods that its controller was told to keep, and pods that it has. */
  readonly wanted: number;
  readonly present: number;
}

const BUSY = 100;
const STEP = 10;

/**
 * Whether pods are to be spared: fewer are desired than there are to be, or the controller is still to take some away. Else
 * nobody chooses, and every number would only be noise.
 */
export function isScaleInDue({ desired, wanted, present }: PoolAim): boolean {
  return desired < wanted || present > wanted;
}

/**
 * The deletion cost of everybody who is heard, 0 where there is no reason to spare it: a pod that was busy of late goes after
 * every idle one, then those that were busy all the time, and those with the most to do last. In steps of a doubling, so that a
 * pod's number does not change with each job.
 */
export function sparedPods(
  loads: readonly PodLoad[],
  aims: ReadonlyMap<string, PoolAim>,
): ReadonlyMap<string, number> {
  const costs = new Map<string, number>();
  for (const { pod, pool, most, least } of loads) {
    const aim = aims.get(pool);
    const isSpared = most > 0 && aim !== undefined && isScaleInDue(aim);
    costs.set(pod, isSpared ? BUSY + STEP * Math.ceil(Math.log2(least + 1)) : 0);
  }
  return costs;
}
