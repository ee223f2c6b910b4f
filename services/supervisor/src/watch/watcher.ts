import { type Clock, type Config, type DeathCertificate, type Log, messageOf } from '@millrace/core';
import type { Store } from '@millrace/queue';
import {
  createDeathWatch,
  type DeathWatch,
  type FromWorker,
  type Hello,
  type LinkServer,
  type ProcessExit,
  type StartAction,
  type StartState,
} from '@millrace/supervision';
import type { Metrics } from '../health/metrics.ts';
import { nowMs } from '../now.ts';
import type { Roster } from '../roster.ts';
import { createPodWatch } from './pod-watch.ts';

/** How often time is let pass; a confirmed absence is noticed this much late at most. */
const TICK_MS = 50;
/** Looks into the store's client list while a doubt is fresh, and later on. */
const FRESH_DOUBT_MS = 1_000;
const SLOW_LOOK_MS = 500;

export interface WatcherDependencies {
  readonly config: Pick<Config, 'supervision'>;
  readonly store: Pick<Store, 'supervision' | 'board' | 'connected'>;
  readonly links: () => LinkServer;
  readonly roster: Roster;
  readonly onDeath: (certificate: DeathCertificate) => void;
  /** A worker of that pod and slot takes jobs. */
  readonly onJoined: (pod: string, slot: number | null, atMs: number) => void;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  /** That pod is linked, but silent for twice the hang limit. */
  readonly onPodHung: (pod: string) => void;
  /** Something that the published picture shows has changed. */
  readonly onChange: () => void;
}

/** Feeds what is seen to the death watch and does what it says. */
export interface Watcher {
  readonly watch: DeathWatch;
  start(): void;
  stop(): void;
  hello(hello: Hello): void;
  message(id: string, message: FromWorker): void;
  closed(id: string): void;
  podExited(pod: string, exit: ProcessExit): void;
  /** Every queue that start may hold jobs of. */
  queuesOf(id: string): Promise<readonly string[]>;
}

/** See {@link Watcher}. */
export function createWatcher(dependencies: WatcherDependencies): Watcher {
  const { config, store, roster, metrics, clock, log } = dependencies;
  const { supervision } = config;
  const watch = createDeathWatch(supervision);
  // Its end costs the work of all its children: it gets twice a child's time.
  const podWatch = createPodWatch(2 * supervision.hangLimitMs);
  const cutMs = new Map<string, number>();
  let lookedMs = 0;
  let looking = false;
  let timer: { cancel(): void } | undefined;

  const now = () => nowMs(clock);

  async function queuesOf(id: string): Promise<readonly string[]> {
    const known = roster.queuesOf(id);
    // A standby may have been promoted since its last beat; of a stranger nothing is known.
    if (known.length > 0 && roster.worker(id)?.state !== 'standby') return known;
    return [...new Set([...known, ...(await store.board.queueNames())])];
  }

  function perform(actions: readonly StartAction[]): void {
    for (const action of actions) performOne(action);
    if (actions.length > 0) dependencies.onChange();
  }

  function performOne(action: StartAction): void {
    switch (action.type) {
      case 'suspect':
        metrics.suspicion();
        log.info({ worker: action.id }, 'A worker is suspected: fed no more until it shows itself');
        return;
      case 'unsuspect':
        cutMs.delete(action.id);
        log.info({ worker: action.id }, 'A suspected worker showed itself');
        return;
      case 'fence':
        void fence(action.id);
        return;
      case 'certify':
        bury(action.certificate);
        return;
      case 'refuse':
        orderFenced(action.id, roster.worker(action.id)?.pod);
        return;
      default:
        action satisfies never;
    }
  }

  function bury(certificate: DeathCertificate): void {
    const { worker, pod, cause } = certificate;
    cutMs.delete(worker);
    metrics.death(cause);
    dependencies.onDeath(certificate);
    roster.died(worker, now());
    // Whom its parent reaped is gone; of others only we say so, and something of them may still run.
    const reaped = certificate.evidence.some(({ kind }) => kind === 'process-exit' || kind === 'pod-exit');
    if (!reaped) orderFenced(worker, pod);
  }

  /**
   * The pod has the same `killFenced`: off, it fills the slot and leaves the zombie alone. Then we tell the zombie
   * nothing either: the store's refusals alone stop it.
   */
  function orderFenced(worker: string, pod: string | undefined): void {
    const order = { type: 'fenced', worker } as const;
    if (supervision.killFenced) dependencies.links().order(worker, order);
    if (pod !== undefined) dependencies.links().order(pod, order);
  }

  async function fence(id: string): Promise<void> {
    try {
      if (!store.connected) throw new Error('the store is away');
      const queues = await queuesOf(id);
      await Promise.all(queues.map((queue) => store.supervision.fence(queue, id)));
      perform(watch.observe(id, { type: 'fence-written' }, now()));
    } catch (error) {
      log.debug({ worker: id, error: messageOf(error) }, 'A fence could not be written yet');
      perform(watch.observe(id, { type: 'fence-failed' }, now()));
    }
  }

  function tick(): void {
    const at = now();
    perform(watch.tick(at));
    for (const pod of podWatch.hung(at)) dependencies.onPodHung(pod);
    if (!store.connected) {
      watch.storeLost(at);
      return;
    }
    const living = watch.living();
    for (const state of living) if (state.phase === 'suspect') cut(state, at);
    look(living, at);
  }

  /** A frozen worker's blocking read swallows the marker that would wake another: it goes, again and again. */
  function cut({ id }: StartState, at: number): void {
    if (at - (cutMs.get(id) ?? 0) < supervision.beatMs) return;
    cutMs.set(id, at);
    for (const queue of roster.queuesOf(id)) {
      store.supervision.cutBlocking(queue, id).catch((error) => {
        log.debug({ worker: id, queue, error: messageOf(error) }, 'Could not cut a suspect’s blocking read');
      });
    }
  }

  function look(living: readonly StartState[], at: number): void {
    const doubtful = living.filter((state) => !state.linked);
    if (doubtful.length === 0 || looking) return;
    const fresh = doubtful.some(({ linkClosedMs }) => at - (linkClosedMs ?? 0) < FRESH_DOUBT_MS);
    if (!fresh && at - lookedMs < SLOW_LOOK_MS) return;
    lookedMs = at;
    void askStore(doubtful.map(({ id }) => id));
  }

  async function askStore(ids: readonly string[]): Promise<void> {
    const askedMs = now();
    looking = true;
    try {
      const counts = await store.supervision.connectionsOf(ids);
      for (const [id, connections] of counts) {
        perform(watch.observe(id, { type: 'store-look', connections, askedMs }, now()));
      }
    } catch {
      watch.storeLost(now());
    } finally {
      looking = false;
    }
  }

  function onWorkerMessage(id: string, message: FromWorker): void {
    const at = now();
    switch (message.type) {
      case 'beat': {
        const before = roster.worker(id);
        roster.beat(id, message, at);
        perform(watch.observe(id, { type: 'heard', slot: message.slot }, at));
        if (before?.state === 'standby' && message.state === 'running') joined(id);
        return;
      }
      case 'pod-beat':
        roster.podBeat(id, message);
        podWatch.heard(id, at);
        return;
      case 'exit':
        exited(id, message, at);
        return;
      case 'bye':
        perform(watch.observe(id, { type: 'bye' }, at));
        return;
      default:
        message satisfies never;
    }
  }

  function exited(pod: string, message: Extract<FromWorker, { type: 'exit' }>, at: number): void {
    const { worker, pid, slot, code, signal, atMs, expected, stderrTail } = message;
    const detail = stderrTail.slice(-5).join('\n').slice(0, 2_000);
    const exit = { code, signal, atMs, expected, ...(detail === '' ? {} : { detail }) };
    perform(watch.processExit({ id: worker, pod, pid, slot }, exit, at));
  }

  /** A worker began to take jobs. */
  function joined(id: string): void {
    const worker = roster.worker(id);
    if (worker) dependencies.onJoined(worker.pod, worker.slot, now());
    dependencies.onChange();
  }

  return {
    watch,
    queuesOf,
    start() {
      timer = clock.every(TICK_MS, tick);
    },
    stop: () => timer?.cancel(),
    hello(hello) {
      const at = now();
      if (hello.kind === 'pod') {
        roster.podHello(hello, at);
        podWatch.heard(hello.id, at);
        perform(watch.children(hello.id, hello.children, at));
      } else {
        roster.workerHello(hello, at);
        const { id, pod, pid, slot } = hello;
        perform(watch.hello({ id, pod, pid, slot }, at));
        if (!hello.standby) joined(id);
      }
      dependencies.onChange();
    },
    message: onWorkerMessage,
    closed(id) {
      const at = now();
      podWatch.gone(id);
      perform(watch.observe(id, { type: 'link-closed' }, at));
      const state = watch.get(id);
      if (state && store.connected) look([state], at);
      dependencies.onChange();
    },
    podExited(pod, exit) {
      perform(watch.podExit(pod, exit, now()));
      roster.podGone(pod);
      dependencies.onChange();
    },
  };
}
