import { didYouMean, MillraceError } from '@millrace/core';
import { FAULTS, type Fault } from '@millrace/local';
import { gateLines } from '@millrace/measure';
import {
  type Bench,
  type BenchOptions,
  type BenchReport,
  type BenchResult,
  type Figures,
  sumOfLedgers,
} from '../runner.ts';
import { falseDeathsOf, gatesOf, MASS_DEATH, QUIET } from './gates.ts';
import { massDeath } from './mass-death.ts';
import { quietStretch } from './quiet.ts';
import { type Rig, startRig } from './rig.ts';
import { chaosTable } from './table.ts';
import { type TrialResult, type TrialSettings, tryFault } from './trial.ts';

/** Well below what two cores can do, so that a run can come back to its rate while it catches up. */
const RATE = 300;
const FULL = { steadyMs: 6_000, afterMs: 3_000 };
const QUICK = { steadyMs: 1_500, afterMs: 1_000 };
const QUIET_S = 600;
const QUIET_QUICK_S = 10;
/** One of a kind each, on one platform: a smoke of the whole. */
const QUICK_FAULTS = ['worker-kill', 'link-reset', 'store-kill'];

/** A part of the run: a fault, which for some depends on the rig it is made on. */
interface Part {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  on(rig: Rig): Fault;
}

function partsOf({ quick, seconds, host }: BenchOptions): Part[] {
  const quietS = seconds ?? (quick ? QUIET_QUICK_S : QUIET_S);
  const faults = FAULTS.map((fault) => ({
    name: fault.name,
    settings: fault.settings ?? {},
    on: () => fault,
  }));
  const parts = [
    ...faults,
    { name: MASS_DEATH, settings: {}, on: (rig: Rig) => massDeath(rig.platform) },
    { name: QUIET, settings: {}, on: () => quietStretch(quietS * 1000, host.nodeFile) },
  ];
  // Platforms are started as seldom as can be: those of one setting follow one another.
  const keyOf = ({ settings }: Part) => JSON.stringify(settings);
  const keys = [...new Set(parts.map(keyOf))];
  return parts.toSorted((a, b) => keys.indexOf(keyOf(a)) - keys.indexOf(keyOf(b)));
}

/** Throws `usage` when `only` names what there is not. */
function chosen(options: BenchOptions): Part[] {
  const parts = partsOf(options);
  const names = parts.map(({ name }) => name);
  const only = options.only ?? (options.quick ? [...QUICK_FAULTS, QUIET] : names);
  for (const name of only) {
    if (names.includes(name)) continue;
    throw new MillraceError(
      'usage',
      `There is no fault "${name}"${didYouMean(name, names)}. There are: ${names.join(', ')}.`,
    );
  }
  return parts.filter(({ name }) => only.includes(name));
}

/** Runs the parts one after the other, each on a platform with its settings. */
async function tryAll(
  parts: readonly Part[],
  options: BenchOptions,
  report: BenchReport,
): Promise<TrialResult[]> {
  const { host, signal, seed, quick } = options;
  const settings: TrialSettings = {
    ...{ clock: host.clock, seed, signal, rate: RATE, measured: !quick },
    ...(quick ? QUICK : FULL),
  };
  const results: TrialResult[] = [];
  let rig: Rig | null = null;
  let running: string | null = null;
  try {
    for (const [i, part] of parts.entries()) {
      signal.throwIfAborted();
      const wanted = JSON.stringify(part.settings);
      if (rig === null || wanted !== running) {
        await rig?.stop();
        rig = null;
        rig = await startRig(host, { settings: part.settings });
        running = wanted;
      }
      report.progress(`${i + 1} of ${parts.length}: ${part.name}`);
      const result = await tryFault(rig, part.on(rig), settings);
      results.push(result);
      if (result.faults.length > 0) report.note(`${part.name}: ${result.faults.join('; ')}`);
    }
    return results;
  } finally {
    await rig?.stop();
  }
}

function figuresOf({ name: _name, deaths, ledger, what, faults, figures, ...band }: TrialResult): Figures {
  return { what, ...band, ...figures, ledger: { ...ledger }, deaths: [...deaths], ok: faults.length === 0 };
}

/** Every fault of the list under load, each with its ledger, and a stretch in which nothing may die. */
export const bench: Bench = {
  name: 'chaos',
  describe: 'every fault under load, each with its ledger, time to band and loss area; and no false death',
  async run(options, report): Promise<BenchResult> {
    const results = await tryAll(chosen(options), options, report);
    const faults = results.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`));
    const gates = gatesOf(results);
    return {
      ratio: {},
      ours: {
        rate: RATE,
        falseDeaths: falseDeathsOf(results),
        survived: results.filter((result) => result.faults.length === 0).length,
        tried: results.length,
        faults: Object.fromEntries(results.map((result) => [result.name, figuresOf(result)])),
        gates,
      },
      stock: null,
      pairs: [],
      ledger: sumOfLedgers(results),
      faults,
      table: [chaosTable(results), '', ...gateLines(gates)].join('\n'),
    };
  },
};
