import type { Spread } from '../measure/quantile.ts';
import type { OurFigures, StockFigures } from './figures.ts';
import type { Gate } from './gates.ts';

const WIDTHS = [44, 12, 12, 12, 12, 6] as const;

const number = (value: number | null): string => {
  if (value === null) return '–';
  if (!Number.isFinite(value)) return 'never';
  const digits = Math.abs(value) >= 1_000 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
};

const line = (...cells: readonly string[]) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[0]) : cell.padStart(WIDTHS[i] ?? 12))).join('');

const row = (name: string, { p50, p90, p99, max, n }: Spread) =>
  line(name, number(p50), number(p90), number(p99), number(max), String(n));

/** The gates with their figures, one a line. */
function gateLines(gates: readonly Gate[]): string[] {
  return gates.map(({ name, value, limit, aim, met }) => {
    const figure = value !== null && value < 0.01 ? value.toPrecision(2) : number(value);
    const wanted = `≤ ${limit}${aim === null ? '' : `, aim ${aim < 0.01 ? `1/${Math.round(1 / aim)}` : aim}`}`;
    const verdict = met === null ? 'no figure' : met ? 'met' : 'MISSED';
    return `${verdict.padEnd(9)}  ${name.padEnd(WIDTHS[0])}${figure.padStart(10)}   (${wanted})`;
  });
}

/** The run for people. */
export function recoveryTable(
  ours: OurFigures,
  defaults: StockFigures,
  tuned: StockFigures,
  gates: readonly Gate[],
): string {
  const { phases } = ours;
  return [
    line('ms from the signal', 'p50', 'p90', 'p99', 'max', 'n'),
    row('ours: last orphan started', ours.lastOrphanMs),
    row('    its death certified', phases.detect),
    row('    its jobs given back', phases.reclaim),
    row('    first orphan seen starting', phases.firstOrphan),
    row('    another process in its slot', phases.respawn),
    row('stock, defaults: last orphan started', defaults.lastOrphanMs),
    row('stock, tuned: last orphan started', tuned.lastOrphanMs),
    row('ours, all busy: last orphan started', ours.busyLastOrphanMs),
    row('    handler ended in a slot to orphan started', ours.busySlotMs),
    row('    the same, from any job to the next', ours.slotTurnMs),
    row('ours, frozen: beyond the hang limit', ours.frozenExcessMs),
    '',
    `loss area of a kill, in seconds of the offered load: ours ${number(ours.lossSeconds)}, stock ${number(defaults.lossSeconds)} (defaults), ${number(tuned.lossSeconds)} (tuned)`,
    '',
    ...gateLines(gates),
  ].join('\n');
}
