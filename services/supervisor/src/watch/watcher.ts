import type { Clock, Config, DeathCertificate, Log } from '@millrace/core';
import type { Store } from '@millrace/queue';
import {
  createDeathWatch,
  type DeathWatch,
  type FromWorker,
  type Hello,
  type LinkServer,
  type ProcessExit,
} from '@millrace/supervision';
import type { Metrics } from '../health/metrics.ts';
import { nowMs } from '../now.ts';
import type { Joined } from '../recovery/respawns.ts';
import type { Roster } from '../roster.ts';
import { createFeeding } from './feeding.ts';
import { createHearing } from './hearing.ts';
import { createLateExits } from './late-exits.ts';
import { createPodClocks } from './pod-clocks.ts';
import { createPodWatch } from './pod-watch.ts';
import { createStoreLooks } from './store-looks.ts';
import { createVerdicts } from './verdicts.ts';

/** How often time is let pass; a confirmed absence is noticed this much late at most. */
const TICK_MS = 50;

export interface WatcherDependencies {
  readonly config: Pick<Config, 'supervision'>;
  readonly store: Pick<Store, 'supervision' | 'board' | 'connected'>;
  readonly links: () => LinkServer;
  readonly roster: Roster;
  readonly onDeath: (certificate: DeathCertificate) => void;
  /** More became known of a death that was certified before. */
  readonly onAmended: (certificate: DeathCertificate) => void;
  /** A worker of that pod and slot takes jobs. */
  readonly onJoined: (joined: Joined) => void;
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
  /** Pods that hang at this moment. */
  hungPods(): readonly string[];
  /** Every queue that start may hold jobs of. */
  queuesOf(id: string): Promise<readonly string[]>;
}

/** See {@link Watcher}. */
export function createWatcher(dependencies: WatcherDependencies): Watcher {
  const { config, store, roster, clock, log, onChange } = dependencies;
  const { supervision } = config;
  const watch = createDeathWatch(supervision);
  // Its end costs the work of all its children: it gets twice a child's time.
  const podWatch = createPodWatch(2 * supervision.hangLimitMs);
  const podClocks = createPodClocks();
  const lateExits = createLateExits();
  const perform = createVerdicts({
    ...{ ...dependencies, supervision, watch, queuesOf },
    onDeath(certificate) {
      lateExits.certified(certificate, now());
      dependencies.onDeath(certificate);
    },
  });
  const look = createStoreLooks({ store, watch, perform, clock });
  const stopFeeding = createFeeding({
    ...{ store, clock, log, beatMs: supervision.beatMs },
    queuesOf: roster.queuesOf,
  });
  const hear = createHearing({
    watch,
    perform,
    roster,
    podWatch,
    podClocks,
    onJoined: joined,
    lateExits,
    clock,
  });
  const now = () => nowMs(clock);
  let timer: { cancel(): void } | undefined;

  async function queuesOf(id: string): Promise<readonly string[]> {
    const known = roster.queuesOf(id);
    // A standby may have been promoted since its last beat; of a stranger nothing is known.
    if (known.length > 0 && roster.worker(id)?.state !== 'standby') return known;
    return [...new Set([...known, ...(await store.board.queueNames())])];
  }

  function tick(): void {
    if (timer === undefined) return;
    const at = now();
    perform(watch.tick(at));
    for (const pod of podWatch.hung(at)) dependencies.onPodHung(pod);
    if (!store.connected) {
      watch.storeLost(at);
      return;
    }
    const living = watch.living();
    stopFeeding(living.filter(({ phase }) => phase === 'suspect'));
    look(living);
  }

  /** A worker began to take jobs. */
  function joined(id: string): void {
    const worker = roster.worker(id);
    if (worker) {
      const { pod, slot } = worker;
      // A pod whose hello is still to come is at least as old as its worker.
      const { startedAtMs } = roster.pod(pod) ?? worker;
      dependencies.onJoined({ pod, slot, atMs: now(), podStartedAtMs: podClocks.toOurs(pod, startedAtMs) });
    }
    onChange();
  }

  return {
    watch,
    queuesOf,
    hungPods: podWatch.stillHung,
    start() {
      // Timers run before sockets are read. On a machine so busy that we come late, beats wait to be read: those first.
      timer = clock.every(TICK_MS, () => void setImmediate(tick));
    },
    stop() {
      timer?.cancel();
      timer = undefined;
    },
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
      onChange();
    },
    message: hear,
    closed(id) {
      const at = now();
      podWatch.gone(id);
      podClocks.gone(id);
      watch.podLost(id, at);
      perform(watch.observe(id, { type: 'link-closed' }, at));
      const state = watch.get(id);
      if (state && store.connected) look([state]);
      onChange();
    },
    podExited(pod, told) {
      podWatch.gone(pod);
      const exit = lateExits.believed(pod, told);
      for (const certificate of lateExits.amend(pod, exit)) dependencies.onAmended(certificate);
      perform(watch.podExit(pod, exit, now()));
      roster.podGone(pod);
      onChange();
    },
  };
}
