/** One pod of a pool, and how many jobs run in it. */
export interface PodLoad {
  readonly pod: string;
  readonly pool: string;
  readonly busy: number;
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
 * The deletion cost of everybody who is heard, 0 where there is no reason to spare it: a busy pod goes after every idle one, and of the busy those with the most to do last. In steps of a
 * doubling, so that a pod's number does not change with each job.
 */
export function sparedPods(
  loads: readonly PodLoad[],
  aims: ReadonlyMap<string, PoolAim>,
): ReadonlyMap<string, number> {
  const costs = new Map<string, number>();
  for (const { pod, pool, busy } of loads) {
    const aim = aims.get(pool);
    const isSpared = busy > 0 && aim !== undefined && isScaleInDue(aim);
    costs.set(pod, isSpared ? BUSY + STEP * Math.floor(Math.log2(busy)) : 0);
  }
  return costs;
}
