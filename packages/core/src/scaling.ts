/** What one queue asks for, as the store has it at one moment. */
export interface QueueDemand {
  readonly queue: string;
  /** In order of arrival and by priority. */
  readonly waiting: number;
  /** Delayed, and due by now or within the time that a pod takes to start. */
  readonly delayedDue: number;
  readonly active: number;
  /** By a person: what waits there asks for nobody. A circuit that is open is no such pause: a pod is to be tried. */
  readonly paused: boolean;
  /** Jobs at once over all workers; null is unlimited. */
  readonly concurrency: number | null;
  /** How long its last jobs took, ms on average; null where none is known. */
  readonly serviceMs: number | null;
}

/** How many pods a pool should have, and why. Times are ms, `atMs` since 1970. */
export interface PoolScaling {
  readonly pool: string;
  readonly desired: number;
  /** Over its queues, without those that are paused. */
  readonly waiting: number;
  readonly delayedDue: number;
  readonly active: number;
  /** Jobs at once in one pod, of the queue that asks for the most pods. */
  readonly concurrency: number;
  /** Of that queue. */
  readonly serviceMs: number;
  /** False: that queue never ran a job as far as is known, and the length is assumed. */
  readonly serviceKnown: boolean;
  readonly queues: readonly string[];
  readonly atMs: number;
}

export interface ScalingRules {
  /** What waits is to be started within this. */
  readonly backlogMs: number;
  /** Assumed where a queue has no service time. */
  readonly serviceMs: number;
  /** Jobs of that queue at once in one pod. */
  readonly slotsPerPod: (queue: string) => number;
}

/** Slots that a queue can use: those at work, and as many as start its backlog in time. */
export function slotsWanted(demand: QueueDemand, { backlogMs, serviceMs }: ScalingRules): number {
  const backlog = demand.paused ? 0 : demand.waiting + demand.delayedDue;
  const service = demand.serviceMs ?? serviceMs;
  // A slot that is kept busy starts backlogMs ÷ service jobs in that time; nobody needs more slots than jobs.
  const forBacklog = Math.min(backlog, Math.ceil((backlog * service) / Math.max(1, backlogMs)));
  const wanted = demand.active + (backlog > 0 ? Math.max(1, forBacklog) : 0);
  return demand.concurrency === null ? wanted : Math.min(wanted, Math.max(demand.active, demand.concurrency));
}

/**
 * The pods that a pool should have. Slots belong to a queue, and every pod has some of each: so the hungriest queue
 * decides. While a job runs it is at least one.
 */
export function scalePool(
  pool: string,
  demands: readonly QueueDemand[],
  rules: ScalingRules,
  atMs: number,
): PoolScaling {
  const pods = (demand: QueueDemand) =>
    Math.ceil(slotsWanted(demand, rules) / Math.max(1, rules.slotsPerPod(demand.queue)));
  const hungriest = [...demands].sort((a, b) => pods(b) - pods(a))[0];
  const open = demands.filter(({ paused }) => !paused);
  const sum = (of: (demand: QueueDemand) => number, list: readonly QueueDemand[]) =>
    list.reduce((total, demand) => total + of(demand), 0);
  return {
    pool,
    desired: hungriest ? pods(hungriest) : 0,
    waiting: sum(({ waiting }) => waiting, open),
    delayedDue: sum(({ delayedDue }) => delayedDue, open),
    active: sum(({ active }) => active, demands),
    concurrency: hungriest ? Math.max(1, rules.slotsPerPod(hungriest.queue)) : 1,
    serviceMs: hungriest?.serviceMs ?? rules.serviceMs,
    serviceKnown: (hungriest?.serviceMs ?? null) !== null,
    queues: demands.map(({ queue }) => queue),
    atMs,
  };
}

/** Older than this, the leader's number is only a floor. */
export const SCALING_STALE_MS = 15_000;

/**
 * What is answered when the leader's number is `written` and the counts of now say `counted`: a fresh number as it stands; an
 * old one may rise with the counts, but never fall: nobody would have spared the busy pods.
 */
export function currentScaling(written: PoolScaling | null, counted: PoolScaling): PoolScaling {
  if (written === null) return counted;
  if (counted.atMs - written.atMs <= SCALING_STALE_MS) return written;
  return { ...counted, desired: Math.max(written.desired, counted.desired), atMs: written.atMs };
}

/** The queues of a pool: those that its configuration names, or all that are known. */
export function queuesOfPool(
  pools: Readonly<Record<string, { readonly queues?: readonly string[] | undefined }>>,
  pool: string,
  names: readonly string[],
): readonly string[] {
  return pools[pool]?.queues ?? names;
}
