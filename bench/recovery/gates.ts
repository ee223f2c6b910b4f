import { type Gate, gate } from '@millrace/measure';
import type { OurFigures, ratiosOf } from './figures.ts';

/** A p99 of fewer kills is none. */
const FEWEST_KILLS = 100;
const FEWEST_STOCK_KILLS = 10;

/** The gates of this bench. */
export function gatesOf(ours: OurFigures, ratio: ReturnType<typeof ratiosOf>): Gate[] {
  return [
    gate('last orphan, ours ÷ stock defaults', ratio.orphanVsDefaults, 0.1, 1 / 800),
    gate('last orphan, ours ÷ stock tuned', ratio.orphanVsTuned, 0.5),
    gate('last orphan, idle capacity, p99 ms', ours.lastOrphanMs.p99, 50, 20),
    gate('busy: slot free to orphan started, median ms', ours.busySlotMs.p50, 10),
    gate('frozen: over the hang limit, max ms', ours.frozenExcessMs.max, 250, 50),
    gate('loss area, ours ÷ stock tuned', ratio.lossArea, 0.5, 0.1),
  ];
}

/** What a run did not see voids it: a recovery that leaves no trace would be the worst one. */
export function unseenFaults({
  unseen: { starts, orphans, recoveries },
}: Pick<OurFigures, 'unseen'>): string[] {
  const said = [
    [starts, 'starts ended unseen by the ledger'],
    [orphans, 'orphans were not seen to start again'],
    [recoveries, 'faults have no record of their recovery'],
  ] as const;
  return said.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}: the run is void`]));
}

/** What keeps a run from being a figure at all. */
export function tooFew(
  ours: OurFigures,
  stock: readonly { readonly lastOrphanEach: readonly number[] }[],
): string[] {
  const said: string[] = [];
  if (ours.lastOrphanMs.n < FEWEST_KILLS) {
    said.push(
      `only ${ours.lastOrphanMs.n} of our kills hit a process that held jobs: ${FEWEST_KILLS} are needed`,
    );
  }
  if (stock.some(({ lastOrphanEach }) => lastOrphanEach.length < FEWEST_STOCK_KILLS)) {
    said.push(`each variant of stock needs ${FEWEST_STOCK_KILLS} kills`);
  }
  return said;
}
