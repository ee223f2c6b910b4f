import { randomBytes } from 'node:crypto';
import {
  type Clock,
  type Config,
  type Lifecycle,
  type Log,
  lifecycle,
  messageOf,
  type WorkerStatus,
} from '@millrace/core';
import { createStore, type Store } from '@millrace/queue';
import { createLinkServer, type Hello } from '@millrace/supervision';
import type { Cluster } from './cluster/cluster.ts';
import { runCommand } from './commands.ts';
import { createHealthServer } from './health/health-server.ts';
import { createMetrics } from './health/metrics.ts';
import { createInheritance } from './inheritance.ts';
import { nowMs } from './now.ts';
import { createPoolKeeper } from './pools/pool-keeper.ts';
import { createRecoverer } from './recovery/recoverer.ts';
import { createRoster } from './roster.ts';
import { drawPicture, judgedState } from './status/picture.ts';
import { createStatusPublisher } from './status/status-publisher.ts';
import { takeLockCensus } from './watch/lock-census.ts';
import { createWatcher } from './watch/watcher.ts';

const CHECK_STORE_MS = 5_000;
const CENSUS_MS = 5_000;

export interface SupervisorDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** The links' shared key; null only on loopback. */
  readonly key: string | null;
  readonly cluster: Cluster;
  readonly pid: number;
}

/** The supervisor: sees who dies, gives their jobs away, keeps the pools full. */
export interface Supervisor extends Lifecycle {
  readonly id: string;
  /** Where it listens, once started. */
  readonly ports: { readonly link: number; readonly health: number };
}

/**
 * Composes a supervisor. `start` resolves when it listens; what needs the store waits for the store by itself.
 * Pods outlive it: `stop` ends nobody.
 */
export function createSupervisor(config: Config, dependencies: SupervisorDependencies): Supervisor {
  const { clock, log, key, cluster, pid } = dependencies;
  const { supervision } = config;
  const id = `supervisor.${randomBytes(8).toString('hex')}`;
  const startedAtMs = clock.nowMs();
  const stopping = new AbortController();
  const store: Store = createStore(config, { clock, log, name: id, profile: 'patient' });
  const metrics = createMetrics();
  const roster = createRoster();
  const pods = new Set<string>();
  let unfit: string | null = null;

  const recoverer = createRecoverer({ store, clock, log, onReclaimed: metrics.reclaimed });
  const publisher = createStatusPublisher(store, picture, clock, log);
  const watcher = createWatcher({
    ...{ config, store, roster, metrics, clock, log },
    links: () => links,
    onDeath: (certificate) => inheritance.recover(certificate),
    onJoined: recoverer.respawned,
    onPodHung(pod) {
      log.warn({ pod }, 'A pod supervisor hangs: the pod is killed and replaced');
      cluster.kill(pod);
    },
    onChange: publisher.changed,
  });
  const inheritance = createInheritance({ store, watcher, recoverer, clock, log });
  const links = createLinkServer(
    {
      host: supervision.linkHost,
      port: supervision.linkPort,
      key,
      supervisor: id,
      beatMs: supervision.beatMs,
    },
    { onHello, onMessage: watcher.message, onClose, clock, log },
  );
  const keeper = createPoolKeeper({
    ...{ config, cluster, clock, log },
    onRestart: metrics.podRestart,
    onPodExited: watcher.podExited,
    onListed: inheritance.podsListed,
    onChange: publisher.changed,
  });
  const health = createHealthServer({
    host: config.http.healthHost,
    port: supervision.healthPort,
    faults,
    metrics: () => metrics.text(gauges()),
  });

  function onHello(hello: Hello): void {
    if (hello.kind === 'pod') pods.add(hello.id);
    watcher.hello(hello);
  }

  function onClose(linkId: string): void {
    // Without a cluster that knows pods, the link is all there is of one.
    if (pods.delete(linkId) && !cluster.manages) roster.podGone(linkId);
    watcher.closed(linkId);
  }

  function stateOf(worker: string): WorkerStatus['state'] | null {
    return watcher.watch.isDead(worker) ? 'dead' : judgedState(watcher.watch.get(worker));
  }

  function picture() {
    const atMs = clock.nowMs();
    return drawPicture({
      atMs,
      supervisor: { id, pid, startedAtMs },
      workers: roster.workers(nowMs(clock), stateOf),
      linkedPods: roster.pods(),
      clusterPods: keeper.pods(),
    });
  }

  function faults(): string[] {
    if (!store.connected) return ['The store does not answer.'];
    return unfit === null ? [] : [unfit];
  }

  function gauges(): Record<string, number> {
    const states = watcher.watch.living();
    return {
      millrace_workers_known: states.length,
      millrace_workers_linked: states.filter(({ linked }) => linked).length,
      millrace_workers_suspect: states.filter(({ phase }) => phase !== 'alive').length,
      millrace_recoveries_running: recoverer.running().length,
      millrace_pools_given_up: keeper.spent().length,
    };
  }

  async function checkStore(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (store.connected) {
        unfit = await store.check().then(
          () => null,
          (error) => messageOf(error),
        );
      }
      await clock.sleep(store.connected ? CHECK_STORE_MS : 100, stopping.signal);
    }
  }

  /** After the inheritance, so that whoever is dead already is known. */
  async function census(): Promise<void> {
    await inheritance.take(stopping.signal);
    publisher.start();
    while (!stopping.signal.aborted) {
      await takeLockCensus({ store, watch: watcher.watch, clock, log });
      await clock.sleep(CENSUS_MS, stopping.signal);
    }
  }

  async function obey(): Promise<void> {
    const orders = { links, cluster, log, toldToEnd: keeper.toldToEnd };
    const podOf = (worker: string) => watcher.watch.get(worker)?.pod;
    for await (const command of store.board.commands(stopping.signal)) {
      runCommand(command, { ...orders, podOf, isPod: (pod) => roster.pod(pod) !== undefined });
    }
  }

  /** Work that goes on beside everything else until we stop. */
  function inBackground(what: string, work: Promise<void>): void {
    work.catch((error) => {
      if (!stopping.signal.aborted) log.error({ what, error: messageOf(error) }, 'Background work ended');
    });
  }

  const life = lifecycle(
    async () => {
      await store.start();
      await links.start();
      await health.start();
      watcher.start();
      inBackground('census', census());
      inBackground('commands', obey());
      inBackground('store check', checkStore());
      inBackground('pools', keeper.start());
      log.info({ supervisor: id, link: links.port, health: health.port }, 'The supervisor watches');
    },
    async () => {
      stopping.abort(new Error('the supervisor stops'));
      keeper.stop();
      await cluster.stop();
      watcher.stop();
      await recoverer.stop();
      publisher.stop();
      await links.stop();
      await health.stop();
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
  };
}
