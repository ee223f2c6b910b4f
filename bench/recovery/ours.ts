import type { Clock, Recovery } from '@millrace/core';
import { type Api, Collector, createApi, type Launcher, WorkerWatch } from '@millrace/local';
import type { BenchReport } from '../runner.ts';
import { Book } from './book.ts';
import { type Fault, makeFaults, type PlannedFault, planFaults } from './faults.ts';
import { closedLoop, type Generator, type Load, openLoop } from './generator.ts';
import { openLocks } from './locks.ts';
import type { Part } from './orphans.ts';
import { BOUND, type Plan, SHAPE } from './settings.ts';

const SERVING_MS = 60_000;
/** Nothing done for so long: what is missing will not come. */
const STALLED_MS = 60_000;
const LOOK_MS = 100;
/** After a part's last fault the load goes on, so that the fault's end is seen under it. */
const AFTER_KILL_MS = 1_500;
/** The same after a frozen process: the hang limit and a recovery. */
const AFTER_FREEZE_MS = 7_000;
const STANDBYS = 1;
const QUEUE_PATH = `/v1/queues/${SHAPE.queue}`;

/** Faults of one kind and the stretch of the run in which they fell. */
export interface FaultPart extends Part {
  readonly faults: readonly Fault[];
}

/** Our side of the run: a platform under load, and the faults that are made on it. */
export interface Ours {
  readonly book: Book;
  readonly watch: WorkerWatch;
  /** How late the generator's ticks came, in ms. */
  readonly ticksLateMs: readonly number[];
  readonly gap: () => boolean;
  /** Kills under the open loop: idle capacity. */
  idleKills(seed: number, count: number): Promise<FaultPart>;
  /** Kills while the queue is always full. */
  busyKills(seed: number): Promise<FaultPart>;
  freezes(seed: number): Promise<FaultPart>;
  /** Waits for what was accepted, and reads the ledger to its end. */
  finish(): Promise<void>;
  recoveries(): Promise<readonly Recovery[]>;
}

interface Context {
  readonly launcher: Launcher;
  readonly clock: Clock;
  readonly run: string;
  readonly seed: number;
  readonly plan: Plan;
  readonly report: BenchReport;
  readonly signal: AbortSignal;
}

async function setBound(api: Api, bound: number): Promise<void> {
  await api.must({ method: 'PATCH', path: QUEUE_PATH, body: { bound } });
}

/** Reads the ledger into the book all the while. */
function followLedger(collector: Collector, book: Book, clock: Clock, signal: AbortSignal) {
  const reading = (async () => {
    while (!signal.aborted) {
      await collector.drain((entry) => book.record(entry));
      await clock.sleep(LOOK_MS, signal).catch(() => undefined);
    }
  })();
  reading.catch(() => undefined);
  return reading;
}

/** Our side, ready for its faults. `signal` ends everything it started. */
export async function startOurs({
  launcher,
  clock,
  run,
  seed,
  plan,
  report,
  signal,
}: Context): Promise<Ours> {
  const book = new Book(run, seed);
  const api = createApi({ url: launcher.running().url }, clock, signal);
  const pods = () => new Set(launcher.pods().map(({ id }) => id));
  const watch = new WorkerWatch(api, clock, (worker) => pods().has(worker.pod), {
    onTaken: () => undefined,
    onSample: () => undefined,
  });
  const whole = async () => {
    if (await watch.untilServing(SHAPE.queue, SHAPE.processes, STANDBYS, SERVING_MS)) return;
    throw new Error(`the workers do not serve; their logs are in ${launcher.running().folder.logs}`);
  };
  await whole();
  const collector = new Collector(api, SHAPE.queue, `bench-${run}`);
  await setBound(api, BOUND.open);
  await collector.register();
  const { storeUrl, config } = launcher.running();
  const locks = await openLocks(storeUrl, config.redis.prefix);
  signal.addEventListener('abort', () => void locks.close().catch(() => undefined), { once: true });
  const reading = followLedger(collector, book, clock, signal);

  const ticksLateMs: number[] = [];
  const onTick = (lateMs: number) => ticksLateMs.push(lateMs);
  const generator: Generator = { run, api, clock, book, signal, onTick };

  async function part(
    name: string,
    kind: 'SIGKILL' | 'SIGSTOP',
    begin: () => { readonly load: Load; readonly rate: number },
    planned: readonly PlannedFault[],
    afterMs: number,
  ): Promise<FaultPart> {
    if (planned.length > 0) await whole();
    const fromMs = clock.epochUs() / 1000;
    if (planned.length === 0) return { fromMs, steadyUntilMs: fromMs, untilMs: fromMs, rate: 0, faults: [] };
    const { load, rate } = begin();
    let made = 0;
    const onFault = () => {
      made += 1;
      report.progress(
        `${name}: ${made} of ${planned.length}, ${book.done.toLocaleString('en-US')} jobs done`,
      );
    };
    const faults = await makeFaults(planned, kind, { clock, watch, heldBy: locks.heldBy, signal, onFault });
    await clock.sleep(afterMs, signal);
    await load.stop();
    const untilMs = clock.epochUs() / 1000;
    await idle();
    return { fromMs, steadyUntilMs: fromMs + plan.steadyMs, untilMs, rate, faults };
  }

  /** Until all that was accepted is done, and no longer than it makes sense to wait. */
  async function idle(): Promise<void> {
    let [done, sinceMs] = [book.done, clock.monotonicMs()];
    while (book.done < book.accepted) {
      if (book.done > done) [done, sinceMs] = [book.done, clock.monotonicMs()];
      if (clock.monotonicMs() - sinceMs > STALLED_MS || collector.gap) return;
      await clock.sleep(LOOK_MS, signal);
    }
  }

  const { killMinMs: minMs, killMaxMs: maxMs, steadyMs: fromMs } = plan;
  return {
    book,
    watch,
    ticksLateMs,
    gap: () => collector.gap,
    idleKills(drawn, count) {
      const planned = planFaults(drawn, count, { fromMs, minMs, maxMs });
      const begin = () => ({ load: openLoop(generator, plan.rate), rate: plan.rate });
      return part('killed with idle capacity', 'SIGKILL', begin, planned, AFTER_KILL_MS);
    },
    async busyKills(drawn) {
      const planned = planFaults(drawn, plan.busyKills, { fromMs, minMs, maxMs });
      await setBound(api, BOUND.busy);
      const begin = () => ({ load: closedLoop(generator), rate: 0 });
      const found = await part('killed with all capacity busy', 'SIGKILL', begin, planned, AFTER_KILL_MS);
      await setBound(api, BOUND.open);
      return found;
    },
    freezes(drawn) {
      const everyMs = plan.freezeEveryMs;
      const planned = planFaults(drawn, plan.freezes, { fromMs, minMs: everyMs, maxMs: everyMs + 500 });
      const begin = () => ({ load: openLoop(generator, plan.freezeRate), rate: plan.freezeRate });
      return part('frozen', 'SIGSTOP', begin, planned, AFTER_FREEZE_MS);
    },
    async finish() {
      await idle();
      await clock.sleep(3 * LOOK_MS, signal);
      await Promise.race([reading, clock.sleep(LOOK_MS, signal)]);
    },
    async recoveries() {
      const path = '/v1/recoveries?limit=1000';
      return (await api.must<{ readonly recoveries: readonly Recovery[] }>({ method: 'GET', path }))
        .recoveries;
    },
  };
}
