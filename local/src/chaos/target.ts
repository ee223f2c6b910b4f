import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock, Recovery, WorkerStatus } from '@millrace/core';
import { createApi } from '../demo/api.ts';
import { askStore } from '../store/resp.ts';
import { type Batch, ChaosFailure, type ChaosTarget, type Wires } from './fault.ts';
import type { LocalPlatform } from './platform.ts';

const STORE_MS = 5_000;
const RECOVERIES = 1_000;

/** The queue of the handlers that do harm. */
export const CHAOS_QUEUE = 'chaos';

/** The first harm of a strike. */
export interface Harm {
  readonly what: string;
  /** Ms since 1970. */
  readonly atMs: number;
}

export interface TargetOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly token?: string | undefined;
  readonly onHarm: (harm: Harm) => void;
  readonly onFigure?: (figure: string, value: number | string) => void;
  /** Makes the data of jobs, and books them. Default: each is marked with its number. */
  readonly batch?: (name: string, data: readonly object[]) => Batch;
  readonly wires?: Wires;
  readonly setClock?: (pid: number, offsetMs: number) => Promise<void>;
}

/** Batches of a run that keeps no books. */
function plainBatches(): (name: string, data: readonly object[]) => Batch {
  const run = randomBytes(6).toString('hex');
  let next = 0;
  return (name, data) => {
    const jobs = data.map((each) => ({ name, data: { id: next++, run, ...each } }));
    return { key: `chaos-${run}-${next}`, body: { jobs }, accepted: () => undefined };
  };
}

/** The platform, as faults see it. */
export function createTarget(platform: LocalPlatform, options: TargetOptions): ChaosTarget {
  const { clock, signal } = options;
  const api = createApi({ url: platform.url, token: options.token }, clock, signal);
  const { prefix } = platform.config.redis;
  let harm: Harm | null = null;
  return {
    clock,
    signal,
    api,
    wires: options.wires ?? null,
    processes: platform.processes,
    async workers() {
      const [answer, pods] = await Promise.all([
        api.must<{ workers: readonly WorkerStatus[] }>({ method: 'GET', path: '/v1/workers' }),
        platform.processes('pod'),
      ]);
      const ours = new Set(pods.map(({ name }) => name));
      return answer.workers.filter(({ host, pod }) => host === hostname() && ours.has(`pod-${pod}`));
    },
    async recoveries() {
      const path = `/v1/recoveries?limit=${RECOVERIES}`;
      return (await api.must<{ recoveries: readonly Recovery[] }>({ method: 'GET', path })).recoveries;
    },
    key: (name) => `${prefix}:${CHAOS_QUEUE}:${name}`,
    store: (...commands) =>
      askStore(platform.storeUrl, commands, AbortSignal.any([signal, AbortSignal.timeout(STORE_MS)])),
    batch: options.batch ?? plainBatches(),
    async setClock(pid, offsetMs) {
      if (!options.setClock) throw new ChaosFailure('the clocks of this platform cannot be set');
      await options.setClock(pid, offsetMs);
    },
    harmed(what, atMs = clock.nowMs()) {
      if (harm !== null) return;
      harm = { what, atMs };
      options.onHarm(harm);
    },
    tell: (figure, value) => options.onFigure?.(figure, value),
  };
}
