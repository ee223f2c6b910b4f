import type { TrialResult } from './trial.ts';

const HEAD = [
  'fault',
  'lost',
  'twice',
  'starts',
  'dead letters',
  'deaths',
  'to band',
  'whole',
  'loss area',
  '',
];

const seconds = (ms: number | null) => (ms === null ? '–' : `${(ms / 1000).toFixed(1)} s`);

function rowOf(result: TrialResult): string[] {
  const { name, ledger, deaths, toBandMs, toWholeMs, lossArea, faults } = result;
  const causes = [...new Set(deaths.map(({ cause }) => cause))].join(' ');
  return [
    name,
    String(ledger.lost),
    String(ledger.duplicateCommits),
    String(ledger.duplicateStarts),
    String(ledger.deadLettered),
    deaths.length === 0 ? '0' : `${deaths.length} ${causes}`,
    seconds(toBandMs),
    seconds(toWholeMs),
    lossArea === null ? '–' : `${lossArea.toFixed(1)} job·s`,
    faults.length === 0 ? 'survived' : 'NOT SURVIVED',
  ];
}

/** One line a fault. `twice` counts jobs committed twice, `starts` starts beyond the first, which are allowed. */
export function chaosTable(results: readonly TrialResult[]): string {
  const rows = [HEAD, ...results.map(rowOf)];
  const widths = HEAD.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
