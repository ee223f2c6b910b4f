import { type Clock, type KubernetesPlace, type Log, lifecycle, messageOf } from '@millrace/core';
import type { Cluster, ClusterEvent } from '../cluster.ts';
import type { ClusterCondition, ClusterNote, PodControllers } from '../pod-controllers.ts';
import { ApiError, createApi, isStatus } from './api.ts';
import { createApiMeter, OUTAGE_MS } from './api-meter.ts';
import { createClusterLease } from './cluster-lease.ts';
import { createCollections } from './collections.ts';
import type { Credentials } from './credentials.ts';
import { costPatch } from './deletion-cost.ts';
import { createEventRecorder } from './event-recorder.ts';
import { clusterNames } from './names.ts';
import { createPodBook } from './pod-book.ts';
import { writeStatusMap } from './status-map.ts';
import { createWorkQueue } from './work-queue.ts';

/** Writes a second; the API server serves others too. */
const WRITES_A_SECOND = 10;
/** Grace of a kill. Not 0: then the object would go before its kubelet has ended the containers. */
const KILL_GRACE_SECONDS = 1;
const STATUS_KEY = 'status';
/** Patches of one `spare` under way at once. */
const PATCHES_AT_ONCE = 8;

export interface KubernetesClusterOptions {
  readonly credentials: Credentials;
  readonly place: KubernetesPlace;
  /** Names us in the Lease where no pod does. */
  readonly id: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is to become of a pod. */
interface Ending {
  readonly name: string;
  readonly uid: string;
  readonly graceSeconds: number;
}

/** Pods that ReplicaSets make. We watch them, have single ones deleted, and say which are to be spared. */
export function createKubernetesCluster(options: KubernetesClusterOptions): Cluster {
  const { credentials, place, id, clock, log } = options;
  const namespace = place.namespace ?? credentials.namespace;
  const names = clusterNames(place, id);
  const meter = createApiMeter(clock.monotonicMs());
  const api = createApi({ ...credentials, namespace }, clock, meter);
  const book = createPodBook();
  const endings = new Map<string, Ending>();
  let isCandidate: () => boolean = () => false;
  let onEvent: ((event: ClusterEvent) => void) | undefined;
  let status: { readonly conditions: readonly ClusterCondition[]; readonly text: string } | undefined;

  const lease = createClusterLease({
    ...{ name: names.lease, holder: names.holder, labels: names.labels, api, clock, log },
    isCandidate: () => isCandidate(),
  });
  const recorder = createEventRecorder({ api, meter, reporter: names.holder, clock, log });
  const collections = createCollections({
    ...{ api, meter, clock, log, namespace, selector: names.selector },
    onPod(pod, gone) {
      tell(gone ? book.gone(pod, isWeather) : book.seen(pod, isWeather));
    },
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

  /** Asked at the last moment: an order may have waited so long that the lease is over. */
  function assertLease(): void {
    if (!lease.holds())
      throw new ApiError(0, 'NotLeader', 'this supervisor does not hold the cluster’s lease');
  }

  async function reconcile(key: string): Promise<void> {
    if (key === STATUS_KEY) {
      await writeStatus();
      return;
    }
    const ending = endings.get(key);
    if (!ending) return;
    // Somebody else leads: it decides anew.
    if (!isCandidate()) {
      endings.delete(key);
      return;
    }
    assertLease();
    await end(ending);
    if (endings.get(key) === ending) endings.delete(key);
  }

  async function end({ name, uid, graceSeconds }: Ending): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: graceSeconds };
    try {
      await api.call('DELETE', path, { body: { ...body, preconditions: { uid } } });
    } catch (error) {
      // Gone, or another pod has its name by now.
      if (!isStatus(error, 404, 409)) throw error;
    }
  }

  function order(pod: string, graceSeconds: number): void {
    const found = book.objectOf(pod);
    if (!found) {
      log.debug({ pod }, 'No pod of the cluster is known by that id');
      return;
    }
    const { name, uid } = found.metadata;
    endings.set(pod, { name, uid, graceSeconds });
    queue.put(pod);
  }

  async function writeStatus(): Promise<void> {
    if (status === undefined || !isCandidate()) return;
    assertLease();
    const { conditions, text } = status;
    await writeStatusMap(api, clock, { name: names.status, labels: names.labels }, conditions, text);
  }

  async function spare(costs: ReadonlyMap<string, number>): Promise<boolean> {
    if (!lease.holds()) return false;
    const patches = book.objects().flatMap((pod) => {
      const own = book.livesOf(pod.metadata.uid).map((life) => costs.get(life));
      const patch = costPatch(
        pod,
        own.find((cost) => cost !== undefined),
      );
      return patch === null || pod.metadata.deletionTimestamp !== undefined ? [] : [{ pod, patch }];
    });
    let isDone = true;
    const take = async () => {
      for (let next = patches.pop(); next; next = patches.pop()) {
        const { name, uid, resourceVersion } = next.pod.metadata;
        try {
          assertLease();
          const body = { metadata: { uid, resourceVersion, annotations: next.patch } };
          await api.call('PATCH', `/api/v1/namespaces/${namespace}/pods/${name}`, { body });
        } catch (error) {
          // One that is gone needs no cost; one that has changed is decided on anew.
          if (isStatus(error, 404)) continue;
          isDone = false;
          if (!isStatus(error, 409))
            log.debug({ pod: name, error: messageOf(error) }, 'A deletion cost was not set');
        }
      }
    };
    await Promise.all(Array.from({ length: PATCHES_AT_ONCE }, take));
    return isDone;
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
    metrics: () =>
      [
        meter.text(clock.monotonicMs()),
        '# HELP millrace_kubernetes_lease_held 1 while this supervisor acts on the cluster.',
        '# TYPE millrace_kubernetes_lease_held gauge',
        `millrace_kubernetes_lease_held ${lease.holds() ? 1 : 0}`,
        '# HELP millrace_kubernetes_work_queue_depth Writes to the cluster that wait.',
        '# TYPE millrace_kubernetes_work_queue_depth gauge',
        `millrace_kubernetes_work_queue_depth ${queue.depth}`,
        '# HELP millrace_kubernetes_away 1 while the API server does not answer.',
        '# TYPE millrace_kubernetes_away gauge',
        `millrace_kubernetes_away ${meter.staleMs(clock.monotonicMs()) > OUTAGE_MS ? 1 : 0}`,
      ].join('\n'),
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
    kill: (pod) => order(pod, KILL_GRACE_SECONDS),
    listen(listener) {
      onEvent = listener;
    },
  };
}
