import { hostname } from 'node:os';
import { type Config, lifecycle, type Timer } from '@millrace/core';
import { createLink, type Order, type PodBeat, restartsUsed } from '@millrace/supervision';
import { createCensus } from './census.ts';
import type { Pod, PodDependencies, PodOptions } from './contract.ts';
import { createFamily } from './family.ts';
import { decide } from './fold.ts';
import { createHealthServer } from './health-server.ts';
import { createPodMetrics } from './metrics.ts';
import { podSettings } from './pod-settings.ts';
import { newPod, type PodAction, type PodEvent, type PodSettings } from './pod-state.ts';
import { takeoverWaitOf } from './takeover.ts';

/** Acts out what {@link decide} decides. `stop` drains, with the time that the configuration gives. */
export function createPod(config: Config, options: PodOptions, dependencies: PodDependencies): Pod {
  const { spawn, clock, log, spans } = dependencies;
  const settings = podSettings(config);
  const startedAtMs = clock.nowMs();
  const census = createCensus();
  const family = createFamily({
    ...{ spawn, census, clock, log, onEvent: handle },
    child: (id) => state.children.find((child) => child.id === id),
    tell: (message) => link.send(message),
  });
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
        k8s: options.k8s,
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
      metrics: () => told.text(),
    },
    log,
  );

  const told = createPodMetrics({
    ...{ census, spans, telemetry: dependencies.telemetry, clock, log },
    outputBytes: dependencies.outputBytes ?? (() => 0),
    counts: () => ({
      restarts: restartsEver,
      processes: state.children.filter(({ mode }) => mode === 'active').length,
      standbys: state.children.filter(({ mode }) => mode === 'standby').length,
    }),
  });

  function tellBeat(): void {
    for (const part of family.beats(beat())) link.send(part);
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
    if (state.mode === 'failed') tellFailure();
  }

  function tellFailure(): void {
    log.error({ code: state.exitCode }, failure(state.exitCode, settings));
  }

  function act(action: PodAction): void {
    switch (action.type) {
      case 'fork':
        for (let i = 0; i < action.count; i++) family.fork(options.id);
        break;
      case 'refill-in':
        refill?.cancel();
        refill = clock.after(action.ms, () => handle({ type: 'refill' }));
        break;
      case 'activate':
        activate(action);
        break;
      case 'drain':
        family.send(action.id, action);
        break;
      case 'kill':
        family.kill(action.id);
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

  function activate({ id, slot }: Extract<PodAction, { type: 'activate' }>): void {
    const begin = () => {
      if (!state.children.some((child) => child.id === id && child.mode === 'active')) return;
      family.send(id, { type: 'activate', slot });
      census.activated(id, slot, clock.monotonicMs());
    };
    const waitMs = takeoverWaitOf(state, census, slot);
    if (waitMs === 0) begin();
    else clock.after(waitMs, begin);
  }

  function onOrder(order: Order): void {
    log.info({ order }, 'Order');
    if (order.worker !== options.id) {
      if (order.type === 'fenced') family.fenced(order.worker, order.busy === true);
      if (order.type === 'warm') family.warm(order.worker);
      else handle({ type: CHILD_ORDERS[order.type], id: order.worker });
    } else if (order.type === 'drain') {
      drain(settings.drain.timeoutMs);
    } else if (order.type === 'kill' || order.type === 'fenced') {
      family.killAll();
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
    family.stop();
    link.send({ type: 'bye', reason: code === 0 ? 'drained' : 'failed' });
    await Promise.all([link.stop(), health.stop(), spans?.stop(), told.stop()]);
  }

  /** Its reason once more: whoever ran the pod shows the last line of it, and until now the ends of processes are that. */
  async function end(): Promise<void> {
    if (state.mode === 'failed') tellFailure();
    dependencies.onEnd(await ended.promise);
  }

  const parts = lifecycle(
    async () => {
      await health.start();
      await link.start();
      beats = clock.every(config.supervision.beatMs, tellBeat);
      handle({ type: 'start' });
      // What they load, they load while the processes start.
      await Promise.all([spans?.start(), told.start()]);
      ended.promise.then(close).then(end);
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
      return state.children.map((child) => ({ ...child, pid: family.pidOf(child.id) }));
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
