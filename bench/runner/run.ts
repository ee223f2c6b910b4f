import { messageOf } from '@millrace/core';
import type { Host } from '@millrace/local';
import type { BenchResult } from '../runner.ts';
import { benchNames, loadBench } from './catalogue.ts';
import { type BenchCommand, BenchUsage, HELP, parseBench } from './options.ts';
import { createReport } from './progress.ts';

const NO_FIGURE = 'This was --quick: it shows that the bench works, and its numbers are no figures.';

async function listOf(names: readonly string[]): Promise<string> {
  const benches = await Promise.all(names.map((name) => loadBench(name)));
  const width = Math.max(...names.map((name) => name.length));
  const lines = benches.map(({ name, describe }) => `  ${name.padEnd(width)}  ${describe}`);
  return ['Benches:', ...lines, ''].join('\n');
}

/** The last line of stdout under --json. */
export function jsonLine(command: BenchCommand, result: BenchResult): string {
  const { ratio, ours, stock, pairs, ledger, faults } = result;
  const { name: bench, quick, seed } = command;
  return `${JSON.stringify({ bench, quick, seed, ratio, ours, stock, pairs, ledger, faults })}\n`;
}

/** What the exact-delivery ledger has against a run: a fast run with a bad ledger is void. */
export function ledgerFaults({ ledger }: Pick<BenchResult, 'ledger'>): string[] {
  const faults: string[] = [];
  if (ledger.lost > 0) faults.push(`${ledger.lost} accepted jobs were never done: the run is void`);
  if (ledger.duplicateCommits > 0) {
    faults.push(`${ledger.duplicateCommits} jobs were committed more than once: the run is void`);
  }
  return faults;
}

async function perform(command: BenchCommand, host: Host): Promise<number> {
  const stop = new AbortController();
  host.onStopRequest(() => stop.abort(new Error('interrupted')));
  const report = createReport(host.stderr, host.clock);
  try {
    const bench = await loadBench(command.name);
    const { quick, seconds, only, seed } = command;
    const found = await bench.run({ quick, seconds, only, seed, host, signal: stop.signal }, report);
    const result = { ...found, faults: [...new Set([...ledgerFaults(found), ...found.faults])] };
    report.end();
    const people = command.json ? host.stderr : host.stdout;
    people.write(`${result.table}\n`);
    for (const fault of result.faults) people.write(`FAULT  ${fault}\n`);
    if (command.quick) people.write(`${NO_FIGURE}\n`);
    if (command.json) host.stdout.write(jsonLine(command, result));
    return result.faults.length === 0 ? 0 : 1;
  } catch (error) {
    report.end();
    host.stderr.write(
      stop.signal.aborted ? 'The bench was interrupted.\n' : `The bench failed: ${messageOf(error)}\n`,
    );
    return 1;
  }
}

/** `npm run bench` with the words after it. Resolves with the exit code: 0, 1 for a run with faults, 2 for wrong usage. */
export async function runBench(argv: readonly string[], host: Host): Promise<number> {
  const names = benchNames();
  try {
    const command = parseBench(argv, names);
    if (command !== 'help') return await perform(command, host);
    host.stdout.write(`${HELP}${await listOf(names)}`);
    return 0;
  } catch (error) {
    if (!(error instanceof BenchUsage)) throw error;
    host.stderr.write(`${error.message}\n${await listOf(names)}`);
    return 2;
  }
}
