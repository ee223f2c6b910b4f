import type { Clock } from '@millrace/core';
import { lossArea, meanLevel, settledAt } from '@millrace/measure';
import { checksumOf } from '@millrace/workload';
import { jobParameters } from '../recovery/book.ts';
import { SHAPE } from '../recovery/settings.ts';
import type { Ledger } from '../runner.ts';
import { type StockWorkers, startWorkers } from './processes.ts';
import { openStockQueue, type StockQueue } from './queue.ts';
import { VARIANTS, type VariantName } from './variants.ts';

const LOOK_MS = 100;
/** After the last orphan has run: load goes on for a moment, so that its end is no end of the load too. */
const AFTER_MS = 1_000;
/** How long the last jobs may take once no more are offered. */
const DRAIN_MS = 60_000;

/** What stock's part of a run needs. */
export interface StockSettings {
  readonly port: number;
  readonly prefix: string;
  readonly seed: number;
  readonly queues: Readonly<Record<VariantName, number>>;
  readonly rate: number;
  readonly steadyMs: number;
  readonly phaseMs: number;
  readonly limitMs: number;
  readonly nodeFile: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly onRecovered: (variant: VariantName, ms: number | null) => void;
}

/** One kill of a stock process that held jobs. */
export interface StockKill {
  /** Null: not recovered within the limit. */
  readonly lastOrphanMs: number | null;
  readonly orphans: number;
  /** Loss area in seconds of the offered load; null with `lastOrphanMs`. */
  readonly lossSeconds: number | null;
  /** Kills that it took to hit a process that held something; those before it lost nothing. */
  readonly attempts: number;
}

/** What one variant came to. */
export interface StockSide {
  readonly kills: readonly StockKill[];
  readonly ledger: Ledger;
  readonly rightChecksum: boolean;
  /** Errors that its workers reported: lost locks, mostly. */
  readonly complaints: number;
}

/** Starts a queue's victim, and starts it again whenever it was killed, as a kubelet or pm2 would. */
async function keepVictim(start: () => Promise<StockWorkers>, signal: AbortSignal) {
  let current = await start();
  const held = { next: null as Promise<void> | null };
  return {
    /** Kills it; resolves with what its workers held. */
    async kill(heldBy: (ids: readonly string[]) => Promise<string[]>): Promise<string[]> {
      const { ids, exited } = current;
      current.kill();
      held.next = exited.then(async () => {
        if (!signal.aborted) current = await start();
      });
      held.next.catch(() => undefined);
      return heldBy(ids);
    },
    again: async () => void (await held.next),
    async end() {
      await held.next?.catch(() => undefined);
      current.kill();
      await current.exited;
    },
  };
}

type Victim = Awaited<ReturnType<typeof keepVictim>>;

/** Kills the victim at a moment drawn from one period of the timers, again if it held nothing. */
async function killOne(queue: StockQueue, victim: Victim, settings: StockSettings): Promise<StockKill> {
  const { clock, signal, steadyMs, phaseMs, limitMs, random, rate } = settings;
  const { record } = queue;
  const loadMs = clock.epochUs() / 1000;
  await clock.sleep(steadyMs + random() * phaseMs, signal);
  for (let attempts = 1; ; attempts++) {
    const atMs = clock.epochUs() / 1000;
    const held = await victim.kill(queue.heldBy);
    const isOver = (job: string) => record.startAfter(job, atMs) !== null || record.doneAt(job) !== null;
    const untilMs = clock.monotonicMs() + limitMs;
    while (!held.every(isOver) && clock.monotonicMs() < untilMs) await clock.sleep(LOOK_MS, signal);
    const starts = held.flatMap((job) => record.startAfter(job, atMs) ?? []);
    if (!held.every(isOver)) {
      return { lastOrphanMs: null, orphans: held.length, lossSeconds: null, attempts };
    }
    if (starts.length === 0) {
      await victim.again();
      await clock.sleep(random() * 1_000, signal);
      continue;
    }
    await clock.sleep(AFTER_MS, signal);
    const doneMs = Math.max(...held.map((job) => record.doneAt(job) ?? atMs));
    const jobs = record.passages();
    const steady = meanLevel(jobs, loadMs + 500, atMs);
    const area = lossArea(jobs, { fromMs: atMs, untilMs: settledAt(jobs, doneMs, steady) ?? doneMs, steady });
    const lossSeconds = area / rate;
    return { lastOrphanMs: Math.max(...starts) - atMs, orphans: starts.length, lossSeconds, attempts };
  }
}

async function drain(queue: StockQueue, settings: StockSettings): Promise<void> {
  const { clock, signal } = settings;
  await queue.stopOffering();
  const untilMs = clock.monotonicMs() + DRAIN_MS;
  while (queue.record.totals().lost > 0 && clock.monotonicMs() < untilMs) await clock.sleep(LOOK_MS, signal);
}

function sumLedgers(ledgers: readonly Ledger[]): Ledger {
  const sum = { accepted: 0, done: 0, lost: 0, duplicateCommits: 0, duplicateStarts: 0 };
  for (const ledger of ledgers) {
    for (const name of Object.keys(sum) as (keyof Ledger)[]) sum[name] += ledger[name];
  }
  return sum;
}

function isRight({ record, seed, offered }: StockQueue): boolean {
  const parameters = jobParameters(seed);
  let checksum = 0;
  for (let id = 0; id < offered; id++) checksum = (checksum ^ checksumOf(parameters, id)) >>> 0;
  return checksum === record.checksum;
}

/**
 * Kills one process of stock workers in each of many queues, under load. Every queue has the shape of ours: 4 workers
 * of 16 jobs at once, one of them the victim in a process of its own; the others of all queues share one process.
 */
export async function runStock(variant: VariantName, settings: StockSettings): Promise<StockSide> {
  const { port, prefix, seed, clock, nodeFile, rate, signal } = settings;
  let complaints = 0;
  const onComplaint = () => {
    complaints += 1;
  };
  const names = Array.from({ length: settings.queues[variant] }, (_, i) => `${variant}-${i}`);
  if (names.length === 0) return { kills: [], ledger: sumLedgers([]), rightChecksum: true, complaints: 0 };
  const told = { port, prefix, concurrency: SHAPE.concurrency, variant: VARIANTS[variant] };
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const queues = await Promise.all(
      names.map((name, i) => openStockQueue(name, { port, prefix, seed: seed + i, clock })),
    );
    for (const queue of queues) ends.push(() => queue.close());
    const others = { ...told, queues: names, workers: SHAPE.processes - 1 };
    const survivors = await startWorkers(nodeFile, others, onComplaint);
    ends.push(async () => {
      survivors.kill();
      await survivors.exited;
    });
    const victims: Victim[] = [];
    for (const name of names) {
      const start = () => startWorkers(nodeFile, { ...told, queues: [name], workers: 1 }, onComplaint);
      const victim = await keepVictim(start, signal);
      victims.push(victim);
      ends.push(() => victim.end());
    }
    const kills = await Promise.all(
      queues.map(async (queue, i) => {
        queue.offer(rate);
        const kill = await killOne(queue, victims[i] as Victim, settings);
        settings.onRecovered(variant, kill.lastOrphanMs);
        await drain(queue, settings);
        return kill;
      }),
    );
    return {
      kills,
      ledger: sumLedgers(queues.map(({ record }) => record.totals())),
      rightChecksum: queues.every(isRight),
      complaints,
    };
  } finally {
    await Promise.allSettled(ends.reverse().map((end) => end()));
  }
}
