import { hostname } from 'node:os';
import {
  type Clock,
  type Config,
  type Lifecycle,
  type Log,
  lifecycle,
  newStartId,
  type Timer,
} from '@millrace/core';
import { createLink, type Order, type PodBeat, restartsUsed } from '@millrace/supervision';
import { EXIT, type FromProcess } from '../ipc.ts';
import { createCensus } from './census.ts';
import type { ChildExit, ChildProcessHandle, SpawnChild } from './child-process.ts';
import { createChildReports } from './child-reports.ts';
import { decide } from './fold.ts';
import { createHealthServer } from './health-server.ts';
import { metricsText } from './metrics.ts';
import { type Child, newPod, type PodAction, type PodEvent, type PodSettings } from './pod-state.ts';
import { createSpares } from './spares.ts';

export interface PodOptions {
  readonly id: string;
  readonly pool: string;
  /** Of this process; the pod's own end by a kill order is its SIGKILL. */
  readonly pid: number;
  readonly linkKey: string | null;
}

export interface PodDependencies {
  readonly spawn: SpawnChild;
  readonly clock: Clock;
  readonly log: Log;
  /** Every slot is filled for the first time. */
  readonly onReady: () => void;
  /** The last child is gone; `code` is what the pod supervisor is to exit with. */
  readonly onEnd: (code: number) => void;
  /** A kill order names the pod itself: its children are dead already. */
  readonly killSelf: () => void;
}

/** The parent of one pod's worker processes. */
export interface Pod extends Lifecycle {
  /** Ends within `timeoutMs`; said again, it only hastens. `onEnd` tells when. */
  drain(timeoutMs: number): void;
  readonly healthPort: number;
  readonly children: readonly (Child & { readonly pid: number })[];
}

function settingsOf(config: Config): PodSettings {
  const { worker, supervision, drain } = config;
  return {
    processes: worker.processes,
    standby: worker.standby,
    killFenced: supervision.killFenced,
    intensity: supervision.intensity,
    periodMs: supervision.periodMs,
    drain,
  };
}

/** Acts out what {@link decide} decides. `stop` drains, with the time that the configuration gives. */
export function createPod(config: Config, options: PodOptions, dependencies: PodDependencies): Pod {
  const { spawn, clock, log } = dependencies;
  const settings = settingsOf(config);
  const startedAtMs = clock.nowMs();
  const handles = new Map<string, ChildProcessHandle>();
  const census = createCensus();
  const reports = createChildReports();
  const spares = createSpares(
    { onWarm: (id) => handle({ type: 'warm', id }), onCalm: (id) => handle({ type: 'calm', id }) },
    clock,
  );
  let state = newPod(settings);
  let restartsEver = 0;
  let deadline: { readonly atMs: number; readonly timer: Timer } | undefined;
  let beats: Timer | undefined;
  let refill: Timer | undefined;
  const ended = Promise.withResolvers<number>();

  const link = createLink(
    {
      addresses: config.supervisors,
      key: options.linkKey,
      hello: () => ({
        kind: 'pod',
        id: options.id,
        pool: options.pool,
        pid: options.pid,
        host: hostname(),
        startedAtMs,
        children: state.children.map(({ id }) => id),
      }),
      onOrder,
      onWelcome: tellBeat,
    },
    { clock, log },
  );
  const health = createHealthServer(
    { host: config.http.healthHost, port: config.worker.healthPort },
    {
      livenessFaults: () => census.notConsuming(clock.monotonicMs()).map((id) => `${id} consumes nothing`),
      readinessFaults: () => (state.mode === 'running' ? [] : [`the pod is ${state.mode}`]),
      metrics: () =>
        metricsText(census, {
          restarts: restartsEver,
          processes: state.children.filter(({ mode }) => mode === 'active').length,
          standbys: state.children.filter(({ mode }) => mode === 'standby').length,
        }),
    },
    log,
  );

  function tellBeat(): void {
    for (const part of reports.beats(beat(), clock.monotonicMs())) link.send(part);
  }

  function beat(): Omit<PodBeat, 'children'> {
    const { intensity, periodMs } = settings;
    return {
      type: 'pod-beat',
      atMs: clock.nowMs(),
      state: state.mode === 'failed' ? 'draining' : state.mode,
      restartsUsed: restartsUsed(state.positions, clock.monotonicMs()),
      intensity,
      periodMs,
    };
  }

  function handle(event: PodEvent): void {
    const before = state;
    const decision = decide(state, event, clock.monotonicMs(), settings);
    state = decision.state;
    for (const action of decision.actions) act(action);
    if (state.positions.restarts !== before.positions.restarts) restartsEver += 1;
    if (state.mode === before.mode) return;
    log.info({ from: before.mode, to: state.mode }, 'Pod');
    tellBeat();
    if (state.mode === 'running') dependencies.onReady();
    if (state.mode === 'failed') log.error({ code: state.exitCode }, failure(state.exitCode, settings));
  }

  function act(action: PodAction): void {
    switch (action.type) {
      case 'fork':
        for (let i = 0; i < action.count; i++) forkOne();
        break;
      case 'refill-in':
        refill?.cancel();
        refill = clock.after(action.ms, () => handle({ type: 'refill' }));
        break;
      case 'activate':
        handles.get(action.id)?.send({ type: 'activate', slot: action.slot });
        census.activated(action.id, action.slot, clock.monotonicMs());
        break;
      case 'drain':
        handles.get(action.id)?.send(action);
        break;
      case 'kill':
        handles.get(action.id)?.kill();
        break;
      case 'await-deadline':
        awaitDeadline(action.ms);
        break;
      case 'end':
        ended.resolve(action.code);
        break;
      default:
        action satisfies never;
    }
  }

  function forkOne(): void {
    const id = newStartId(options.id);
    const handleOfChild = spawn(id, {
      onMessage: (message) => onMessage(id, message),
      onExit: (exit) => onExit(id, exit),
    });
    handles.set(id, handleOfChild);
    reports.forked(id, handleOfChild);
    handle({ type: 'forked', id });
  }

  function onMessage(id: string, message: FromProcess): void {
    reports.heard(id, clock.monotonicMs());
    spares.heard(id);
    if (message.type === 'activity') census.heard(id, message, clock.monotonicMs());
    else handle({ type: message.type, id });
  }

  /** Told before anything else: filling the slot forks, and that holds this process for many ms. */
  function onExit(id: string, exit: ChildExit): void {
    const child = state.children.find((candidate) => candidate.id === id);
    const expected = child?.mode === 'leaving' || exit.code === EXIT.storeAway;
    const report = reports.exited(id, exit, { slot: child?.slot ?? null, expected, atMs: clock.nowMs() });
    handles.delete(id);
    spares.gone(id);
    link.send(report);
    handle({ type: 'exited', id, code: exit.code });
    census.left(id);
    const { stderrTail: _, type: __, ...fields } = report;
    log[expected ? 'info' : 'warn'](fields, 'A worker process ended');
  }

  function onOrder(order: Order): void {
    log.info({ order }, 'Order');
    if (order.worker !== options.id) {
      if (order.type === 'fenced') reports.fenced(order.worker);
      if (order.type === 'warm') spares.warm(order.worker);
      else handle({ type: CHILD_ORDERS[order.type], id: order.worker });
    } else if (order.type === 'drain') {
      drain(settings.drain.timeoutMs);
    } else if (order.type === 'kill' || order.type === 'fenced') {
      for (const child of handles.values()) child.kill();
      dependencies.killSelf();
    }
  }

  function drain(timeoutMs: number): void {
    handle({ type: 'drain', timeoutMs });
  }

  function awaitDeadline(ms: number): void {
    const atMs = clock.monotonicMs() + ms;
    if (deadline && deadline.atMs <= atMs) return;
    deadline?.timer.cancel();
    deadline = { atMs, timer: clock.after(ms, () => handle({ type: 'deadline' })) };
  }

  /** Upstream is down already: the children are gone. What is told last is that the end was meant. */
  async function close(code: number): Promise<void> {
    deadline?.timer.cancel();
    beats?.cancel();
    refill?.cancel();
    spares.stop();
    link.send({ type: 'bye', reason: code === 0 ? 'drained' : 'failed' });
    await Promise.all([link.stop(), health.stop()]);
  }

  const parts = lifecycle(
    async () => {
      await health.start();
      await link.start();
      beats = clock.every(config.supervision.beatMs, tellBeat);
      handle({ type: 'start' });
      ended.promise.then(close).then(async () => dependencies.onEnd(await ended.promise));
    },
    async () => {
      if (beats === undefined) return health.stop();
      drain(settings.drain.timeoutMs);
      await close(await ended.promise);
    },
  );
  return {
    ...parts,
    drain,
    get healthPort() {
      return health.port;
    },
    get children() {
      return state.children.map((child) => ({ ...child, pid: handles.get(child.id)?.pid ?? 0 }));
    },
  };
}

const CHILD_ORDERS = {
  drain: 'drain-child',
  kill: 'kill-child',
  fenced: 'fence-child',
  recovered: 'recovered',
} as const;

function failure(code: number, { intensity, periodMs }: PodSettings): string {
  return code === 1
    ? `More than ${intensity} restarts within ${periodMs} ms: the pod gives up`
    : 'The worker processes refuse to start (their log lines say why): the pod gives up';
}
