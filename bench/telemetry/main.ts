import { randomBytes } from 'node:crypto';
import {
  type Bench,
  type BenchOptions,
  type BenchReport,
  type BenchResult,
  type Figures,
  sumOfLedgers,
} from '../runner.ts';
import { openNoopQueue } from '../stock/noop-queue.ts';
import { type Collector, startCollector } from './collector.ts';
import {
  type Drain,
  droppedOf,
  type Middle,
  pairedRatio,
  rateOf,
  type SideFigures,
  sideFigures,
  sinkFaults,
  unseenFailures,
} from './figures.ts';
import { gatesOf, type Ratios, tooFew } from './gates.ts';
import { balancedOrder } from './order.ts';
import { startOurPlatform } from './ours.ts';
import { checkParts, PARTS, type PartName, type Plan, planFor, SHAPE } from './settings.ts';
import { EXPORT, OURS, queueOf, type Side, STOCK, type StockSide } from './sides.ts';
import { telemetryTable } from './table.ts';
import { drainOnce, type Field } from './trial.ts';

type Drains = Record<Side, Drain[]>;

const SIDES: readonly Side[] = [...OURS, ...STOCK];

/** Starts both sides for one round. `stop` ends them, whatever of them had started. */
async function startField(options: BenchOptions, plan: Plan, { endpoint, sent }: Collector) {
  const { host, signal } = options;
  const { clock, nodeFile } = host;
  const jobs = Math.max(plan.jobs, plan.warmJobs);
  const ours = await startOurPlatform(host, { jobs, endpoint, signal });
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
    const field: Field = { ours, stock, sent, clock, signal };
    return { field, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One round: every side warms up, then each in turn, from the `firstPair`th of all on. */
async function round(
  field: Field,
  { jobs, warmJobs, pairs }: Plan,
  firstPair: number,
  drains: Drains,
  tell: (line: string) => void,
): Promise<void> {
  for (const side of balancedOrder(SIDES, firstPair - 1)) await drainOnce(field, side, warmJobs);
  for (let pair = firstPair; pair < firstPair + pairs; pair++) {
    for (const side of balancedOrder(SIDES, pair)) {
      const drain = await drainOnce(field, side, jobs);
      drains[side].push(drain);
      tell(`${side}: ${Math.round(rateOf(drain.endsMs) ?? 0)} jobs/s`);
    }
  }
}

async function measure(options: BenchOptions, plan: Plan, collector: Collector, report: BenchReport) {
  const drains: Drains = { off: [], full: [], everyJob: [], stockNone: [], stockOtel: [] };
  for (let i = 0; i < plan.rounds; i++) {
    const tell = (line: string) => report.progress(`round ${i + 1} of ${plan.rounds}: ${line}`);
    tell('starting');
    const { field, stop } = await startField(options, plan, collector);
    try {
      await round(field, plan, i * plan.pairs, drains, tell);
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

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** What voids a run: a span that is missing was not paid for. */
function spanFaults({ full, everyJob, stockOtel }: Drains): string[] {
  const said = [
    [sum(everyJob.map(droppedOf)), 'jobs of ours have no process span'],
    [sum(stockOtel.map(droppedOf)), 'jobs of stock have no process span'],
    [sum(full.map(unseenFailures)), 'failed jobs have no span'],
  ] as const;
  return said.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}: the run is void`]));
}

/** What one part came to. */
interface PartResult {
  readonly drains: Drains;
  readonly sides: Readonly<Record<Side, SideFigures>>;
  readonly ratios: ReturnType<typeof ratiosOf>;
  readonly capacity: number | null;
  /** Of one processor, over the whole part. */
  readonly collectorCpuShare: number | null;
  readonly plan: Plan;
}

async function runPart(
  part: PartName,
  options: BenchOptions,
  report: BenchReport,
): Promise<PartResult | null> {
  const { host, quick, seconds } = options;
  const collector = await startCollector(part, host);
  if (collector === null) {
    report.note('There is no jaeger on the PATH: the part with one on the same cores is left out.');
    return null;
  }
  try {
    const plan = planFor(part, quick, seconds);
    const [startMs, cpuBefore] = [host.clock.monotonicMs(), await collector.cpuMs()];
    const drains = await measure(options, plan, collector, report);
    const cpuAfter = await collector.cpuMs();
    const wallMs = host.clock.monotonicMs() - startMs;
    const share = cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / wallMs;
    const sides = Object.fromEntries(SIDES.map((side) => [side, sideFigures(drains[side])]));
    return {
      drains,
      sides: sides as Record<Side, SideFigures>,
      ratios: ratiosOf(drains),
      capacity: collector.capacity,
      collectorCpuShare: share === null ? null : Math.round(share * 1_000) / 1_000,
      plan,
    };
  } finally {
    await collector.stop();
  }
}

/** Ratios of a part with a Jaeger on the same cores: reported, for it is also Jaeger that is measured. */
const aside = (part: PartResult | null) =>
  part === null ? null : { ...part.sides, ratios: part.ratios as unknown as Figures, plan: { ...part.plan } };

function resultOf(gated: PartResult, jaeger: PartResult | null, quick: boolean): BenchResult {
  const { drains, sides, ratios, capacity, collectorCpuShare, plan } = gated;
  const gates = gatesOf(ratios);
  const pairs = drains.off.map((_, i) =>
    Object.fromEntries(SIDES.map((side) => [side, rateOf(drains[side][i]?.endsMs ?? [])])),
  );
  const all = [...Object.values(drains), ...(jaeger ? Object.values(jaeger.drains) : [])].flat();
  return {
    ratio: {
      full: ratios.full.median,
      everyJob: ratios.everyJob.median,
      everyJobVsStockOtel: ratios.everyJobVsStockOtel.median,
      stockOtel: ratios.stockOtel.median,
    },
    ours: {
      ...{ off: sides.off, full: sides.full, everyJob: sides.everyJob, ratios, gates },
      ...{ sink: { capacity, cpuShare: collectorCpuShare }, shape: { ...SHAPE, ...plan } },
      jaeger: aside(jaeger),
    } as unknown as Figures,
    stock: { none: sides.stockNone, otel: sides.stockOtel } as unknown as Figures,
    pairs,
    ledger: sumOfLedgers(all),
    faults: [
      ...spanFaults(drains),
      ...sinkFaults(capacity, [...drains.everyJob, ...drains.stockOtel]),
      ...(quick ? [] : tooFew(ratios)),
    ],
    table: telemetryTable(gated, jaeger, gates),
  };
}

export const bench: Bench = {
  name: 'telemetry',
  describe: 'what telemetry costs a drain: off, as it comes, every job sampled, beside stock + bullmq-otel',
  async run(options, report): Promise<BenchResult> {
    checkParts(options.only);
    const wanted = options.only ?? (options.quick ? ['sink'] : PARTS);
    const sink = wanted.includes('sink') ? await runPart('sink', options, report) : null;
    const jaeger = wanted.includes('jaeger') ? await runPart('jaeger', options, report) : null;
    const first = sink ?? jaeger;
    if (first === null) throw new Error('there is no collector to measure with: put jaeger on the PATH');
    const result = resultOf(first, sink === null ? null : jaeger, options.quick);
    // Alone, what Jaeger took is no figure of the gates.
    return sink === null ? { ...result, faults: [] } : result;
  },
};
