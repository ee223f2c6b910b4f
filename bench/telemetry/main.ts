import { randomBytes } from 'node:crypto';
import type { Bench, BenchOptions, BenchReport, BenchResult, Figures, Ledger } from '../runner.ts';
import { openNoopQueue } from '../stock/noop-queue.ts';
import {
  type Drain,
  droppedOf,
  type Middle,
  pairedRatio,
  rateOf,
  sideFigures,
  unseenFailures,
} from './figures.ts';
import { gatesOf, type Ratios, tooFew } from './gates.ts';
import { startOurPlatform } from './ours.ts';
import { checkParts, type Plan, planFor, SHAPE } from './settings.ts';
import { EXPORT, OURS, queueOf, type Side, STOCK, type StockSide } from './sides.ts';
import { NOTHING, type Sink, startSink } from './sink/sink.ts';
import { telemetryTable } from './table.ts';
import { drainOnce, type Field } from './trial.ts';

type Drains = Record<Side, Drain[]>;

const SIDES: readonly Side[] = [...OURS, ...STOCK];

/** Where the spans of a run go. */
interface Collector {
  endpoint(side: Side): string;
  readonly sent: Field['sent'];
}

function collectorOf(sink: Sink): Collector {
  return {
    endpoint: sink.endpoint,
    sent: async (side) => (await sink.counts()).sides[side] ?? NOTHING,
  };
}

/** Starts both sides for one round. `stop` ends them, whatever of them had started. */
async function startField(options: BenchOptions, plan: Plan, collector: Collector) {
  const { host, signal } = options;
  const { clock, nodeFile } = host;
  const nodeOptions = host.env.BENCH_NODE_OPTIONS ?? '';
  const { endpoint } = collector;
  const jobs = Math.max(plan.jobs, plan.warmJobs);
  const ours = await startOurPlatform(host, { jobs, endpoint, nodeOptions, signal });
  const ends = [() => ours.stop()];
  const stop = async () => {
    for (const end of ends.reverse()) await end();
  };
  try {
    const prefix = `stock-${randomBytes(4).toString('hex')}`;
    const open = async (side: StockSide) => {
      const telemetry = side === 'stockNone' ? null : { endpoint: endpoint(side), ...EXPORT };
      const told = { port: ours.storePort, prefix, queue: queueOf(side), telemetry, ...SHAPE };
      const queue = await openNoopQueue(told, { processes: SHAPE.processes, nodeFile, clock });
      ends.push(() => queue.close());
      return queue;
    };
    const stock = { stockNone: await open('stockNone'), stockOtel: await open('stockOtel') };
    const field: Field = { ours, stock, sent: collector.sent, clock, signal };
    return { field, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One round: every side warms up, then each in turn, there and back again. */
async function round(field: Field, plan: Plan, drains: Drains, tell: (line: string) => void): Promise<void> {
  for (const side of SIDES) await drainOnce(field, side, plan.warmJobs);
  for (let pair = 0; pair < plan.pairs; pair++) {
    for (const side of pair % 2 === 0 ? SIDES : SIDES.toReversed()) {
      const drain = await drainOnce(field, side, plan.jobs);
      drains[side].push(drain);
      tell(`${side}: ${Math.round(rateOf(drain.endsMs) ?? 0)} jobs/s`);
    }
  }
}

async function measure(options: BenchOptions, plan: Plan, collector: Collector, report: BenchReport) {
  const drains: Drains = { off: [], full: [], everyJob: [], stockNone: [], stockOtel: [] };
  for (let i = 0; i < plan.rounds; i++) {
    report.progress(`round ${i + 1} of ${plan.rounds}: starting`);
    const { field, stop } = await startField(options, plan, collector);
    try {
      await round(field, plan, drains, (line) =>
        report.progress(`round ${i + 1} of ${plan.rounds}: ${line}`),
      );
    } finally {
      await stop();
    }
  }
  return drains;
}

function ratiosOf(drains: Drains): Ratios & { readonly stockOtel: Middle } {
  return {
    full: pairedRatio(drains.full, drains.off),
    everyJob: pairedRatio(drains.everyJob, drains.off),
    everyJobVsStockOtel: pairedRatio(drains.everyJob, drains.stockOtel),
    stockOtel: pairedRatio(drains.stockOtel, drains.stockNone),
  };
}

function sumOf(drains: readonly Drain[]): Ledger {
  const of = (key: keyof Ledger) => drains.reduce((sum, { ledger }) => sum + ledger[key], 0);
  return {
    accepted: of('accepted'),
    done: of('done'),
    lost: of('lost'),
    duplicateCommits: of('duplicateCommits'),
    duplicateStarts: of('duplicateStarts'),
  };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** What voids a run: a span that is missing was not paid for. */
function spanFaults({ full, everyJob, stockOtel }: Drains): string[] {
  const said = [
    [sum(everyJob.map(droppedOf)), 'jobs of ours have no process span, or two'],
    [sum(stockOtel.map(droppedOf)), 'jobs of stock have no process span, or two'],
    [sum(full.map(unseenFailures)), 'failed jobs have no span'],
  ] as const;
  return said.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}: the run is void`]));
}

export const bench: Bench = {
  name: 'telemetry',
  describe: 'what telemetry costs a drain: off, as it comes, every job sampled, beside stock + bullmq-otel',
  async run(options, report): Promise<BenchResult> {
    const { host, quick, seconds, only } = options;
    checkParts(only);
    const plan = planFor('sink', quick, seconds);
    const sink = await startSink(host.nodeFile);
    try {
      const drains = await measure(options, plan, collectorOf(sink), report);
      const ratios = ratiosOf(drains);
      const sides = Object.fromEntries(SIDES.map((side) => [side, sideFigures(drains[side])])) as Record<
        Side,
        ReturnType<typeof sideFigures>
      >;
      const gates = gatesOf(ratios);
      return {
        ratio: {
          full: ratios.full.median,
          everyJob: ratios.everyJob.median,
          everyJobVsStockOtel: ratios.everyJobVsStockOtel.median,
          stockOtel: ratios.stockOtel.median,
        },
        ours: {
          off: sides.off,
          full: sides.full,
          everyJob: sides.everyJob,
          shape: { ...SHAPE, ...plan },
          gates,
        } as unknown as Figures,
        stock: { none: sides.stockNone, otel: sides.stockOtel } as unknown as Figures,
        pairs: drains.off.map((_, i) =>
          Object.fromEntries(SIDES.map((side) => [side, rateOf(drains[side][i]?.endsMs ?? [])])),
        ),
        ledger: sumOf(Object.values(drains).flat()),
        faults: [...spanFaults(drains), ...(quick ? [] : tooFew(ratios))],
        table: telemetryTable(sides, ratios, gates, []),
      };
    } finally {
      await sink.stop();
    }
  },
};
