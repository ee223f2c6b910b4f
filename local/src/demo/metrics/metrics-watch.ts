import { readFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import type { Clock, WorkerStatus } from '@millrace/core';
import type { MetricsEvent, MetricsSource, MetricValues } from '@millrace/measure';
import { askStore } from '../../store/resp.ts';
import { parseExposition, type Scrape } from './exposition.ts';
import {
  type HostLook,
  hostValues,
  type Looks,
  parseInfo,
  parseProcStat,
  producerValues,
  type StoreLook,
  storeValues,
  supervisorValues,
  workerValues,
} from './values.ts';

const EVERY_MS = 1_000;
/** Who does not answer by then tells nothing this time. */
const ANSWER_MS = 800;
const FSYNC_EVENT = 'aof-fsync-always';

/** The queue whose run it is. */
export interface QueueFacts {
  readonly name: string;
  readonly depth: number | null;
  readonly bound: number;
  /** Jobs at once over all workers, where that is bounded. */
  readonly concurrency?: number | undefined;
}

/** Where the figures come from. */
export interface MetricsSources {
  /** Base URLs of the ports that serve `/metrics`. */
  readonly producer: string;
  readonly supervisor: string;
  /** The first pod's. */
  readonly pod: string;
  /** Null when it is somebody else's. */
  readonly storeUrl: string | null;
  readonly workers: () => readonly WorkerStatus[];
  readonly queue: () => QueueFacts;
  /** How old the oldest result was that was read since the last call, ms; null for none. */
  readonly lagMs: () => number | null;
  readonly clock: Clock;
}

/** Takes the figures of one second. */
export type OnMetrics = (line: Omit<MetricsEvent, 'event' | 'at_us'>) => void;

/** What one look found; null of who did not answer. */
interface Look {
  readonly producer: Scrape | null;
  readonly supervisor: Scrape | null;
  readonly pod: Scrape | null;
  readonly store: StoreLook | null;
  readonly host: HostLook | null;
  /** Of this process, in µs. */
  readonly cpu: NodeJS.CpuUsage;
  readonly atMs: number;
}

async function scrape(base: string): Promise<Scrape | null> {
  try {
    const answer = await fetch(`${base}/metrics`, { signal: AbortSignal.timeout(ANSWER_MS) });
    return answer.ok ? parseExposition(await answer.text()) : null;
  } catch {
    return null;
  }
}

async function lookAtStore(url: string, clock: Clock): Promise<StoreLook | null> {
  try {
    const startMs = clock.monotonicMs();
    const signal = AbortSignal.timeout(ANSWER_MS);
    await askStore(url, [['PING']], signal);
    const latencyMs = clock.monotonicMs() - startMs;
    const [info, history] = await askStore(url, [['INFO'], ['LATENCY', 'HISTORY', FSYNC_EVENT]], signal);
    const fsyncs = Array.isArray(history) ? (history as [number, number][]) : null;
    return { latencyMs, info: parseInfo(String(info)), fsyncs, atMs: clock.nowMs() };
  } catch {
    return null;
  }
}

async function look({ producer, supervisor, pod, storeUrl, clock }: MetricsSources): Promise<Look> {
  const [first, second, third, store, stat] = await Promise.all([
    ...[producer, supervisor, pod].map(scrape),
    storeUrl === null ? null : lookAtStore(storeUrl, clock),
    readFile('/proc/stat', 'utf8').catch(() => ''),
  ]);
  return {
    producer: (first as Scrape) ?? null,
    supervisor: (second as Scrape) ?? null,
    pod: (third as Scrape) ?? null,
    store: (store as StoreLook) ?? null,
    host: parseProcStat(String(stat), loadavg()[0] ?? 0),
    cpu: process.cpuUsage(),
    atMs: clock.monotonicMs(),
  };
}

/** The two looks of one source; null unless both found it. */
function both<K extends keyof Look>(
  [before, after]: Looks<Look>,
  name: K,
): Looks<NonNullable<Look[K]>> | null {
  const [from, to] = [before[name], after[name]];
  return from === null || to === null ? null : [from as NonNullable<Look[K]>, to as NonNullable<Look[K]>];
}

/** The lines of one second. */
function tell(looks: Looks<Look>, sources: MetricsSources, onMetrics: OnMetrics): void {
  const [before, after] = looks;
  let ownCpuMs = (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / 1_000;
  const say = <S extends MetricsSource>(source: S, values: MetricValues[S], name?: string) => {
    const figures: Readonly<Record<string, number>> = { ...values };
    if (source !== 'collector') ownCpuMs += figures.cpu_ms ?? 0;
    if (Object.keys(figures).length > 0) onMetrics({ source, ...(name && { name }), values: figures });
  };
  say('collector', { cpu_ms: ownCpuMs, ...lagOf(sources) });
  const [producer, supervisor, pod] = [
    both(looks, 'producer'),
    both(looks, 'supervisor'),
    both(looks, 'pod'),
  ];
  if (producer) say('producer', producerValues(producer, sources.queue()));
  if (supervisor) say('supervisor', supervisorValues(supervisor));
  const running = sources.workers().filter(({ slot, state }) => slot !== null && state === 'running');
  for (const { id, slot } of pod ? running : []) {
    const worker = { slot: slot ?? 0, queue: sources.queue(), processes: running.length };
    if (pod) say('worker', workerValues(pod, worker), id);
  }
  const store = both(looks, 'store');
  if (store) {
    const values = storeValues(store);
    ownCpuMs += (values.cpu_ratio ?? 0) * (after.atMs - before.atMs);
    say('store', values);
  }
  const host = both(looks, 'host');
  const coreMs = availableParallelism() * (after.atMs - before.atMs);
  if (host) say('host', hostValues(host, ownCpuMs, coreMs));
}

function lagOf({ lagMs }: MetricsSources): { lag_ms?: number } {
  const lag = lagMs();
  return lag === null ? {} : { lag_ms: lag };
}

/** Tells once a second how the services, the store and the machine did, until `signal` aborts. */
export async function watchMetrics(
  sources: MetricsSources,
  onMetrics: OnMetrics,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = sources;
  let before = await look(sources);
  while (!signal.aborted) {
    await clock.sleep(EVERY_MS, signal).catch(() => undefined);
    const after = await look(sources);
    // What is over ends with a last line, if there is something to tell of.
    if (after.atMs - before.atMs >= EVERY_MS / 2) tell([before, after], sources, onMetrics);
    before = after;
  }
}
