import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { median, quantile } from '@millrace/measure';
import type { Bench, BenchOptions, BenchReport, BenchResult, Figures, Ledger } from '../runner.ts';
import { runStock, type StockSettings } from '../stock/side.ts';
import { VARIANTS } from '../stock/variants.ts';
import { draws } from './draws.ts';
import { ourFigures, pairsOf, ratiosOf, stockFigures } from './figures.ts';
import { gatesOf, tooFew, unseenFaults } from './gates.ts';
import { type Ours, startOurs } from './ours.ts';
import { type OwnPlatform, startPlatform } from './platform.ts';
import { BUDGET, checkParts, FULL, type Plan, planFor, QUICK, SHAPE, SLEEP_MUL } from './settings.ts';
import { recoveryTable } from './table.ts';

const QUIET = { write: () => true } as unknown as NodeJS.WriteStream;

/** Both variants at once: their processes wait nearly all the time. */
async function stockSides(settings: StockSettings) {
  const [defaults, tuned] = await Promise.all([runStock('defaults', settings), runStock('tuned', settings)]);
  return { defaults, tuned };
}

function stockSettings(options: BenchOptions, plan: Plan, port: number, report: BenchReport): StockSettings {
  const { host, signal, seed } = options;
  const total = plan.stockQueues.defaults + plan.stockQueues.tuned;
  let recovered = 0;
  return {
    port,
    prefix: `stock-${randomBytes(4).toString('hex')}`,
    seed,
    queues: plan.stockQueues,
    rate: plan.stockRate,
    steadyMs: plan.steadyMs,
    phaseMs: plan.stockPhaseMs,
    limitMs: plan.stockLimitMs,
    nodeFile: host.nodeFile,
    clock: host.clock,
    signal,
    random: draws(seed),
    onRecovered(variant, ms) {
      recovered += 1;
      const told = ms === null ? 'not recovered' : `recovered after ${(ms / 1000).toFixed(1)} s`;
      report.progress(`stock ${variant}: ${told} (${recovered} of ${total})`);
    },
  };
}

/** Ours, stock, ours again: what drifts on the machine drifts on both sides. A smoke does all at once. */
async function measure(
  options: BenchOptions,
  plan: Plan,
  platform: OwnPlatform,
  ours: Ours,
  report: BenchReport,
) {
  const { seed, quick } = options;
  const port = Number(new URL(platform.launcher.running().storeUrl).port);
  const stock = () => stockSides(stockSettings(options, plan, port, report));
  const half = Math.ceil(plan.kills / 2);
  const early = quick ? stock() : null;
  early?.catch(() => undefined);
  const first = await ours.idleKills(seed, half);
  const sides = quick ? null : await stock();
  const second = await ours.idleKills(seed + 1, plan.kills - half);
  const busy = await ours.busyKills(seed + 2);
  const frozen = await ours.freezes(seed + 3);
  await ours.finish();
  return { idle: [first, second], busy, frozen, sides: sides ?? (await (early as ReturnType<typeof stock>)) };
}

function sum(a: Ledger, b: Ledger): Ledger {
  const names = Object.keys(a) as (keyof Ledger)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as unknown as Ledger;
}

/** How much of a processor this process took, and how punctual it was: a generator must not be what is measured. */
function generatorFigures(ours: Ours, cpuBefore: NodeJS.CpuUsage, wallMs: number) {
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    cpuShare: Math.round(((user + system) / 1000 / wallMs) * 1000) / 1000,
    tickLateP50Ms: median(ours.ticksLateMs),
    tickLateP99Ms: quantile(ours.ticksLateMs, 0.99),
    offered: ours.book.offered,
    accepted: ours.book.accepted,
  };
}

async function perform(options: BenchOptions, report: BenchReport): Promise<BenchResult> {
  const { host, seed, quick, seconds, only } = options;
  checkParts(only);
  const { clock } = host;
  const plan = planFor(quick ? QUICK : FULL, seconds, only);
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const driftMs = () => clock.epochUs() / 1000 - clock.nowMs();
  const driftBefore = driftMs();
  report.progress('starting the platform');
  const platform = await startPlatform(host, QUIET);
  try {
    const { launcher } = platform;
    const run = randomBytes(6).toString('hex');
    const ours = await startOurs({ launcher, clock, run, seed, plan, report, signal });
    const [cpuBefore, startMs] = [process.cpuUsage(), clock.monotonicMs()];
    const { idle, busy, frozen, sides } = await measure(options, plan, platform, ours, report);
    const generator = generatorFigures(ours, cpuBefore, clock.monotonicMs() - startMs);
    const { hangLimitMs } = launcher.running().config.supervision;
    const recoveries = await ours.recoveries();
    const { book } = ours;
    const figures = ourFigures({ idle, busy, frozen, hangLimitMs, book, recoveries });
    const defaults = stockFigures(sides.defaults);
    const tuned = stockFigures(sides.tuned);
    const ratio = ratiosOf(figures, defaults, tuned, seed);
    const gates = gatesOf(figures, ratio);
    const faults = [
      ...(ours.gap() ? ['the ledger has a gap: the run is void'] : []),
      ...(book.isRight() ? [] : ['our checksum is wrong: the run is void']),
      ...(sides.defaults.rightChecksum && sides.tuned.rightChecksum
        ? []
        : ['stock did not do all jobs right']),
      ...unseenFaults(figures),
      ...(quick || only ? [] : tooFew(figures, [defaults, tuned])),
    ];
    const stockLedger = sum(sides.defaults.ledger, sides.tuned.ledger);
    return {
      ratio,
      ours: {
        ...figures,
        restartBudget: BUDGET,
        ledger: { ...book.ledger() },
        generator,
        clockDriftMs: driftMs() - driftBefore,
        shape: { ...SHAPE, rate: plan.rate, sleepMul: SLEEP_MUL },
        gates,
      } as unknown as Figures,
      stock: {
        defaults: {
          ...defaults,
          settings: VARIANTS.defaults,
          ledger: { ...sides.defaults.ledger },
          complaints: sides.defaults.complaints,
        },
        tuned: {
          ...tuned,
          settings: VARIANTS.tuned,
          ledger: { ...sides.tuned.ledger },
          complaints: sides.tuned.complaints,
        },
      } as unknown as Figures,
      pairs: pairsOf(figures, defaults, tuned),
      ledger: sum(book.ledger(), stockLedger),
      faults,
      table: recoveryTable(figures, defaults, tuned, gates),
    };
  } finally {
    ended.abort(new Error('the bench is over'));
    report.progress('stopping the platform');
    await platform.stop();
  }
}

export const bench: Bench = {
  name: 'recovery',
  describe:
    'workers killed and frozen at random moments under load: when their jobs run again, beside stock BullMQ',
  run: perform,
};
