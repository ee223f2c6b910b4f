import { type Clock, type KubernetesPlace, type Log, lifecycle, messageOf } from '@millrace/core';
import type { Cluster, ClusterEvent } from '../cluster.ts';
import type { ClusterCondition, ClusterNote, PodControllers } from '../pod-controllers.ts';
import { adapterFamilies } from './adapter-metrics.ts';
import { createApi } from './api.ts';
import { createApiMeter } from './api-meter.ts';
import { createClusterLease } from './cluster-lease.ts';
import { createCollections } from './collections.ts';
import type { Credentials } from './credentials.ts';
import { tellDenials } from './denials.ts';
import { createEventRecorder } from './event-recorder.ts';
import { clusterNames } from './names.ts';
import { type PodObject, poolOf } from './objects.ts';
import { createOrders } from './orders.ts';
import { ownObjects } from './owned-objects.ts';
import { createPodBook } from './pod-book.ts';
import { createPodWriter } from './pod-writer.ts';
import { sparing } from './sparing.ts';
import { writeStatusMap } from './status-map.ts';
import { createWorkQueue } from './work-queue.ts';

/** Writes a second; the API server serves others too. */
const WRITES_A_SECOND = 10;
/** Grace of a kill. Not 0: then the object would go before its kubelet has ended the containers. */
const KILL_GRACE_SECONDS = 1;
const STATUS_KEY = 'status';

export interface KubernetesClusterOptions {
  readonly credentials: Credentials;
  readonly place: KubernetesPlace;
  /** Names us in the Lease where no pod does. */
  readonly id: string;
  /** Only log what would be done to pods. */
  readonly dryRun: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Pods that ReplicaSets make. We watch them, have single ones deleted, and say which are to be spared. */
export function createKubernetesCluster(options: KubernetesClusterOptions): Cluster {
  const { credentials, place, id, dryRun, clock, log } = options;
  const namespace = place.namespace ?? credentials.namespace;
  const names = clusterNames(place, id);
  const meter = createApiMeter(clock.monotonicMs());
  const bare = createApi({ ...credentials, namespace }, clock, meter);
  const api = tellDenials(ownObjects(bare, names.lease), clock, log);
  const book = createPodBook();
  let isCandidate: () => boolean = () => false;
  let onEvent: ((event: ClusterEvent) => void) | undefined;
  let status: { readonly conditions: readonly ClusterCondition[]; readonly text: string } | undefined;

  const lease = createClusterLease({
    ...{ name: names.lease, holder: names.holder, labels: names.labels, api, clock, log },
    isCandidate: () => isCandidate(),
  });
  const writer = createPodWriter({
    ...{ api, holdsLease: lease.holds, dryRun, log },
    mayWrite: () => queue.spend(),
  });
  const recorder = createEventRecorder({ api, meter, reporter: names.holder, clock, log });
  const collections = createCollections({
    ...{ api, meter, clock, log, namespace, selector: names.selector },
    onPod(pod, gone) {
      tell(gone ? book.gone(pod, isWeather) : book.seen(pod, isWeather));
    },
  });
  const orders = createOrders({
    ...{ book, writer, isPaused, clock, log },
    isCandidate: () => isCandidate(),
    learn: (pod) => tell(book.seen(pod, isWeather)),
  });
  const queue = createWorkQueue({
    ...{ perSecond: WRITES_A_SECOND, clock, reconcile },
    onFailure: (key, error) =>
      log.debug({ key, error: messageOf(error) }, 'A write to the cluster is tried again'),
  });

  function tell(events: readonly ClusterEvent[]): void {
    for (const event of events) onEvent?.(event);
  }

  /** While the server was away nobody could tell what was wanted: an end of that time is counted against nobody. */
  function isWeather(atMs: number): boolean {
    const outage = meter.lastOutage();
    if (outage === null) return false;
    const offsetMs = clock.nowMs() - clock.monotonicMs();
    return atMs >= outage.sinceMs + offsetMs - 1_000 && atMs <= outage.untilMs + offsetMs;
  }

  function reconcile(key: string): Promise<void> {
    return key === STATUS_KEY ? writeStatus() : orders.carryOut(key);
  }

  function order(pod: string, graceSeconds: number, isDue?: () => boolean): void {
    if (orders.take(pod, { graceSeconds, isDue })) queue.put(pod);
  }

  function isPaused(pod: PodObject): boolean {
    return collections.sizes().get(poolOf(pod) ?? '')?.paused === true;
  }

  async function writeStatus(): Promise<void> {
    if (status === undefined || !lease.holds()) return;
    const { conditions, text } = status;
    await writeStatusMap(api, clock, { name: names.status, labels: names.labels }, conditions, text);
  }

  async function spare(costs: ReadonlyMap<string, number>): Promise<(pool: string) => boolean> {
    if (!lease.holds() || !collections.isSynced) return () => false;
    const wanted = sparing(book, costs, isPaused);
    const open = await writer.setCosts(wanted.costs);
    return (pool) => !open.has(pool) && !wanted.unknown.has(pool);
  }

  function regardingOf({ about }: ClusterNote) {
    if ('pod' in about) {
      const object = book.objectOf(about.pod);
      return object && { apiVersion: 'v1', kind: 'Pod', object };
    }
    const object = collections.deploymentOf(about.pool);
    return object && { apiVersion: 'apps/v1', kind: 'Deployment', object };
  }

  const controllers: PodControllers = {
    candidate(wants) {
      isCandidate = wants;
    },
    get holdsLease() {
      return lease.holds();
    },
    introduce: (pod) => tell(book.introduce(pod)),
    sizes: collections.sizes,
    onSizes: collections.onSizes,
    spare,
    tell(note) {
      const regarding = regardingOf(note);
      if (regarding !== undefined && lease.holds()) recorder.record(note, regarding);
    },
    condition(conditions, text) {
      status = { conditions, text };
      if (lease.holds()) queue.put(STATUS_KEY);
    },
    metrics: () => adapterFamilies(meter, { lease, queue }, clock.monotonicMs()),
  };

  const { start, stop } = lifecycle(
    async () => {
      await Promise.all([collections.start(), queue.start(), lease.start()]);
      log.info({ namespace, lease: names.lease, selector: names.selector }, 'The cluster is watched');
    },
    async () => {
      onEvent = undefined;
      await collections.stop();
      await queue.stop();
      await lease.stop();
      api.close();
    },
  );

  return {
    start,
    stop,
    manages: true,
    controllers,
    async list() {
      await collections.synced();
      return book.pods();
    },
    create() {},
    remove: (pod, graceMs) => order(pod, Math.ceil(graceMs / 1_000)),
    kill: (pod, isDue) => order(pod, KILL_GRACE_SECONDS, isDue),
    listen(listener) {
      onEvent = listener;
    },
  };
}
