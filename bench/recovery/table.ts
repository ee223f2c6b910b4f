import type { Spread } from '@millrace/measure';
import { type Gate, gateLines, told } from '@millrace/measure';
import type { OurFigures, StockFigures } from './figures.ts';

const WIDTHS = [44, 12, 12, 12, 12, 6] as const;

const line = (...cells: readonly string[]) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[0]) : cell.padStart(WIDTHS[i] ?? 12))).join('');

const row = (name: string, { p50, p90, p99, max, n }: Spread) =>
  line(name, told(p50), told(p90), told(p99), told(max), String(n));

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
    `loss area of a kill, in seconds of the offered load: ours ${told(ours.lossSeconds)}, stock ${told(defaults.lossSeconds)} (defaults), ${told(tuned.lossSeconds)} (tuned)`,
    '',
    ...gateLines(gates),
  ].join('\n');
}
