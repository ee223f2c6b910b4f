import { randomBytes } from 'node:crypto';
import { type Config, lifecycle, messageOf, type WorkerStatus } from '@millrace/core';
import { createStore, type Store } from '@millrace/queue';
import { createLinkServer, type Hello } from '@millrace/supervision';
import { createServiceMetrics, TELEMETRY_OFF } from '@millrace/telemetry';
import { runInBackground } from './background.ts';
import { createClusterDuties } from './cluster-duties.ts';
import { createCommands } from './commands.ts';
import type { Supervisor, SupervisorDependencies } from './contract.ts';
import { createHealthServer } from './health/health-server.ts';
import { createMetrics } from './health/metrics.ts';
import { ownGauges } from './health/own-gauges.ts';
import { createQueueGauges } from './health/queue-gauges.ts';
import { createInheritance } from './inheritance.ts';
import { createLeadership } from './leader/leadership.ts';
import { nowMs } from './now.ts';
import { createPoolKeeper } from './pools/pool-keeper.ts';
import { createRecoverer } from './recovery/recoverer.ts';
import { createTracing } from './recovery/traces/create-tracing.ts';
import type { RecoveryTraces } from './recovery/traces/recovery-traces.ts';
import { createRoster } from './roster.ts';
import { drawPicture, judgedState } from './status/picture.ts';
import { createStatusPublisher } from './status/status-publisher.ts';
import { createStoreFitness } from './store-fitness.ts';
import { takeLockCensus } from './watch/lock-census.ts';
import { createWatcher } from './watch/watcher.ts';

const CENSUS_MS = 5_000;

/**
 * Composes a supervisor. `start` resolves when it listens; what needs the store waits for the store by itself.
 * Pods outlive it: `stop` ends nobody.
 */
export function createSupervisor(config: Config, dependencies: SupervisorDependencies): Supervisor {
  const { clock, log } = dependencies;
  const id = `supervisor.${randomBytes(8).toString('hex')}`;
  const stopping = new AbortController();
  const store: Store = createStore(config, { clock, log, name: id, profile: 'patient' });
  const { spans, traces } = createTracing(config, dependencies, { supervisor: id, store });
  const fitness = createStoreFitness(store, clock, log);
  const parts = compose(config, dependencies, { id, store, traces, storeFaults: fitness.faults });
  const { watcher, links, keeper, leadership, recoverer, publisher, inheritance, commands } = parts;
  const health = createHealthServer({
    host: config.http.healthHost,
    port: config.supervision.healthPort,
    faults: fitness.faults,
    metrics: () => told.text(),
  });
  const told = createServiceMetrics(dependencies.telemetry ?? TELEMETRY_OFF, {
    collect: () => [...parts.families(), ...fitness.families()],
    spans: spans.stats,
    ...{ clock, log },
  });

  /** After the inheritance, so that whoever is dead already is known. */
  async function census(): Promise<void> {
    await inheritance.take(stopping.signal);
    publisher.start();
    await rehearse();
    while (!stopping.signal.aborted) {
      await takeLockCensus({ store, watch: watcher.watch, clock, log });
      await inheritance.sweep();
      await clock.sleep(CENSUS_MS, stopping.signal);
    }
  }

  /** Deaths are rare: nothing else would warm what they run through. */
  async function rehearse(): Promise<void> {
    await store.supervision.rehearse().catch((error) => log.debug({ error: messageOf(error) }, 'Rehearsal'));
  }

  async function obey(): Promise<void> {
    for await (const command of store.board.commands(stopping.signal)) commands.take(command);
  }

  const life = lifecycle(
    async () => {
      await spans.start();
      await told.start();
      await store.start();
      await links.start();
      await health.start();
      watcher.start();
      await leadership.start();
      const { signal } = stopping;
      const beside = {
        ...{ census, obey, pools: keeper.start },
        storeCheck: () => fitness.watch(signal),
        queueGauges: () => parts.queueGauges.watch(signal),
        scaling: () => parts.duties.scaling(signal),
        clusterStatus: () => parts.duties.status(signal),
      };
      runInBackground(beside, signal, log);
      log.info({ supervisor: id, link: links.port, health: health.port }, 'The supervisor watches');
    },
    async () => {
      stopping.abort(new Error('the supervisor stops'));
      await leadership.stop();
      await keeper.stop();
      await dependencies.cluster.stop();
      watcher.stop();
      await recoverer.stop();
      publisher.stop();
      await links.stop();
      await health.stop();
      await Promise.all([spans.stop(), told.stop()]);
    },
  );

  return {
    id,
    start: life.start,
    async stop() {
      await life.stop();
      // It dialled when it was made.
      await store.stop();
    },
    get ports() {
      return { link: links.port, health: health.port };
    },
    get leads() {
      return leadership.leads();
    },
  };
}

/** What is there before the parts. */
interface Given {
  readonly id: string;
  readonly store: Store;
  readonly traces: RecoveryTraces;
  readonly storeFaults: () => readonly string[];
}

/** Makes the parts and ties them: what one sees, another acts on. */
function compose(
  config: Config,
  dependencies: SupervisorDependencies,
  { id, store, traces, storeFaults }: Given,
) {
  const { clock, log, key, cluster, pid } = dependencies;
  const { supervision } = config;
  const startedAtMs = clock.nowMs();
  const metrics = createMetrics();
  const roster = createRoster();
  const linkedPods = new Set<string>();

  const leadership = createLeadership({
    ...{ board: store.board, id, leaseMs: supervision.leaseMs, clock, log },
    hasPeers: supervision.replicas > 1 || cluster.controllers !== null,
    onGain() {
      keeper.gain();
      commands.gain();
      publisher.changed();
    },
    onLoss() {
      keeper.lose();
      publisher.changed();
    },
  });
  const recoverer = createRecoverer({
    ...{ store, clock, log, onReclaimed: metrics.reclaimed, traces },
    ...{ onEnded: metrics.recovered, onLateRespawn: metrics.respawned },
    onRecovered: ({ pod, worker }) => void links.order(pod, { type: 'recovered', worker }),
  });
  const publisher = createStatusPublisher(store, picture, clock, log);
  const watcher = createWatcher({
    ...{ config, store, roster, metrics, clock, log },
    links: () => links,
    onDeath: (certificate) => inheritance.recover(certificate),
    onAmended: (certificate) => void recoverer.amend(certificate),
    onJoined: recoverer.respawned,
    onPodHung: (pod) => keeper.hung(pod),
    onChange: publisher.changed,
  });
  const inheritance = createInheritance({
    ...{ store, watcher, recoverer, roster, clock, log },
    livingPods: () => keeper.living(),
  });
  const { linkHost: host, linkPort: port, beatMs } = supervision;
  const links = createLinkServer(
    { host, port, key, supervisor: id, beatMs },
    { onHello, onMessage: watcher.message, onClose, clock, log },
  );
  const keeper = createPoolKeeper({
    ...{ config, id, cluster, store, leads: leadership.leads, clock, log },
    hungPods: watcher.hungPods,
    onRestart: metrics.podRestart,
    onPodExited: watcher.podExited,
    onListed: inheritance.podsListed,
    onChange: publisher.changed,
  });
  cluster.controllers?.candidate(leadership.leads);
  const commands = createCommands({
    ...{ config, leads: leadership.leads, links, keeper, clock, log },
    worker: (worker) => roster.worker(worker) ?? hearsay(worker),
    // The cluster may know one that has no link to us: it was just made, or is cut off.
    isPod: (pod) => roster.pod(pod) !== undefined || keeper.knows(pod),
    podState: (pod) => roster.pod(pod)?.state,
  });

  /** Whom we know only from others has no state of its own. */
  function hearsay(worker: string) {
    const known = watcher.watch.get(worker);
    return known && { pod: known.pod, state: 'running' as const };
  }

  function onHello(hello: Hello): void {
    if (hello.kind === 'pod') {
      linkedPods.add(hello.id);
      cluster.controllers?.introduce(hello);
    }
    watcher.hello(hello);
  }

  function onClose(linkId: string): void {
    // Where we do not make the pods ourselves, the link is what we know of one.
    const isOurs = cluster.manages && cluster.controllers === null;
    if (linkedPods.delete(linkId) && !isOurs) roster.podGone(linkId);
    watcher.closed(linkId);
  }

  function stateOf(worker: string): WorkerStatus['state'] | null {
    return watcher.watch.isDead(worker) ? 'dead' : judgedState(watcher.watch.get(worker));
  }

  function picture() {
    return drawPicture({
      atMs: clock.nowMs(),
      supervisor: { id, pid, startedAtMs, leader: leadership.leads() },
      workers: roster.workers(nowMs(clock), stateOf),
      linkedPods: roster.pods(),
      clusterPods: keeper.pods(),
      pools: keeper.pools(),
    });
  }

  const queueGauges = createQueueGauges({
    ...{ store, leads: leadership.leads, clock, log },
    workers: () => roster.workers(nowMs(clock), stateOf),
  });

  const duties = createClusterDuties({
    ...{ config, store, controllers: cluster.controllers, leads: leadership.leads, clock, log },
    ...{ storeFaults, pods: roster.pods, isHeard: roster.isHeard, pools: keeper.pools },
    workers: () => roster.workers(nowMs(clock), stateOf),
  });

  const gauges = () =>
    ownGauges({
      leads: leadership.leads(),
      workers: watcher.watch.living(),
      recoveries: recoverer.running().length,
      pools: keeper.pools(),
    });
  const families = () => [
    ...metrics.families(gauges(), keeper.pools()),
    ...queueGauges.families(),
    ...duties.families(),
  ];

  return {
    ...{ watcher, links, keeper, leadership, recoverer, publisher, inheritance, commands },
    ...{ queueGauges, duties, families },
  };
}
