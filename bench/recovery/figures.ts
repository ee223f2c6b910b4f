import type { Recovery } from '@millrace/core';
import { ratioOfMedians, type Spread, spread } from '@millrace/measure';
import type { StockSide } from '../stock/side.ts';
import type { Book } from './book.ts';
import { busySlotMs, slotTurnMs } from './busy-slots.ts';
import type { Fault } from './faults.ts';
import {
  lastOrphanMs,
  lossAreas,
  type Orphan,
  orphansByWorker,
  unseenOrphans,
  unseenStarts,
} from './orphans.ts';
import type { FaultPart } from './ours.ts';
import { type Phases, phasesOf, slowestOf, type Timeline } from './phases.ts';
import { SHAPE } from './settings.ts';

/** All that was measured on our side. */
export interface OurParts {
  readonly idle: readonly FaultPart[];
  readonly busy: FaultPart;
  readonly frozen: FaultPart;
  readonly hangLimitMs: number;
  readonly book: Book;
  readonly recoveries: readonly Recovery[];
}

/** Our side's figures. Durations in ms since the signal, loss areas in seconds of the offered load. */
export interface OurFigures {
  readonly lastOrphanMs: Spread;
  readonly lastOrphanEach: readonly number[];
  readonly killsThatHeldNothing: number;
  readonly orphans: number;
  readonly phases: Phases;
  /** The slowest kills, the slowest first. */
  readonly slowest: readonly Timeline[];
  /** All capacity busy: from the end of the handler in a slot to the start of the orphan that it is for. */
  readonly busySlotMs: Spread;
  /** The same for all jobs of that part, from one to the next. */
  readonly slotTurnMs: Spread;
  readonly busyLastOrphanMs: Spread;
  readonly frozenExcessMs: Spread;
  readonly lossSeconds: number | null;
  /** What would hide a bad recovery: none of it may be. */
  readonly unseen: {
    /** Starts whose end the ledger does not tell. */
    readonly starts: number;
    /** Orphans that were not seen to start again. */
    readonly orphans: number;
    /** Faults without a record of their recovery. */
    readonly recoveries: number;
  };
}

const SLOWEST_TOLD = 5;

const mean = (values: readonly number[]) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

export function ourFigures({ idle, busy, frozen, hangLimitMs, book, recoveries }: OurParts): OurFigures {
  const byWorker = orphansByWorker(book.ended);
  const faults = [...idle.flatMap((part) => part.faults), ...busy.faults, ...frozen.faults];
  const found = new Map<Fault, readonly Orphan[]>(
    faults.map((fault) => [
      fault,
      [...(byWorker.get(fault.worker) ?? []), ...unseenOrphans(book.ended, fault)],
    ]),
  );
  const orphansOf = (fault: Fault) => found.get(fault) ?? [];
  const times = (faults: readonly Fault[]) =>
    faults.flatMap((fault) => lastOrphanMs(fault.atMs, orphansOf(fault)) ?? []);
  const kills = idle.flatMap(({ faults }) => faults);
  const passages = book.passages();
  const losses = idle.flatMap((part) =>
    lossAreas(
      part,
      passages,
      part.faults.map((fault) => ({ atMs: fault.atMs, orphans: orphansOf(fault) })),
    ),
  );
  const lastEach = times(kills);
  const idleHits = kills.length - lastEach.length;
  const inBusy = book.ended.filter(
    ({ startedMs, doneMs }) => doneMs >= busy.fromMs && startedMs <= busy.untilMs,
  );
  const recorded = new Set(recoveries.map(({ certificate }) => certificate.worker));
  return {
    lastOrphanMs: spread(lastEach),
    lastOrphanEach: lastEach,
    killsThatHeldNothing: idleHits,
    orphans: kills.reduce((sum, fault) => sum + orphansOf(fault).length, 0),
    phases: phasesOf(kills, recoveries),
    slowest: slowestOf(kills, orphansOf, recoveries, SLOWEST_TOLD),
    busySlotMs: spread(
      busy.faults.flatMap((fault) =>
        busySlotMs(inBusy, { victim: fault.worker, orphans: orphansOf(fault) }, SHAPE.concurrency),
      ),
    ),
    slotTurnMs: spread(
      slotTurnMs(
        inBusy.filter(({ startedMs }) => startedMs >= busy.fromMs),
        SHAPE.concurrency,
      ),
    ),
    busyLastOrphanMs: spread(times(busy.faults)),
    frozenExcessMs: spread(times(frozen.faults).map((ms) => ms - hangLimitMs)),
    // Kills of a process that held nothing lost nothing.
    lossSeconds: mean([...losses, ...new Array<number>(idleHits).fill(0)]),
    unseen: {
      starts: unseenStarts(book.ended),
      orphans: faults.flatMap(orphansOf).filter(({ startedMs }) => !Number.isFinite(startedMs)).length,
      recoveries: faults.filter(({ worker }) => !recorded.has(worker)).length,
    },
  };
}

/** A stock variant's figures. */
export interface StockFigures {
  readonly lastOrphanMs: Spread;
  readonly lastOrphanEach: readonly number[];
  /** Kills whose orphans had not all restarted when the run ended: endless in `lastOrphanMs`, null in JSON. */
  readonly notRecovered: number;
  readonly orphans: number;
  readonly lossSeconds: number | null;
}

export function stockFigures({ kills }: StockSide): StockFigures {
  const lastEach = kills.map(({ lastOrphanMs: ms }) => ms ?? Number.POSITIVE_INFINITY);
  const recovered = kills.filter(({ lossSeconds }) => lossSeconds !== null);
  const attempts = recovered.reduce((sum, kill) => sum + kill.attempts, 0);
  const lost = recovered.reduce((sum, { lossSeconds }) => sum + (lossSeconds ?? 0), 0);
  return {
    lastOrphanMs: spread(lastEach),
    lastOrphanEach: lastEach,
    notRecovered: kills.length - recovered.length,
    orphans: kills.reduce((sum, { orphans }) => sum + orphans, 0),
    lossSeconds: attempts === 0 ? null : lost / attempts,
  };
}

/** Ours ÷ stock; medians of the last orphan's restart, with the range in which 95 of 100 such runs would fall. */
export function ratiosOf(ours: OurFigures, defaults: StockFigures, tuned: StockFigures, seed: number) {
  const orphan = (stock: StockFigures) => ratioOfMedians(ours.lastOrphanEach, stock.lastOrphanEach, seed);
  const area = (stock: StockFigures) =>
    ours.lossSeconds === null || !stock.lossSeconds ? null : ours.lossSeconds / stock.lossSeconds;
  const [vsDefaults, vsTuned] = [orphan(defaults), orphan(tuned)];
  return {
    orphanVsDefaults: vsDefaults?.value ?? null,
    orphanVsDefaultsLow: vsDefaults?.low ?? null,
    orphanVsDefaultsHigh: vsDefaults?.high ?? null,
    orphanVsTuned: vsTuned?.value ?? null,
    orphanVsTunedLow: vsTuned?.low ?? null,
    orphanVsTunedHigh: vsTuned?.high ?? null,
    lossArea: area(tuned),
    lossAreaVsDefaults: area(defaults),
  };
}

/** The i-th kill of each stock variant beside the median of the i-th share of ours, in the order in which they fell. */
export function pairsOf(ours: OurFigures, defaults: StockFigures, tuned: StockFigures) {
  const count = Math.max(defaults.lastOrphanEach.length, tuned.lastOrphanEach.length);
  const share = Math.max(1, Math.floor(ours.lastOrphanEach.length / Math.max(1, count)));
  return Array.from({ length: count }, (_, i) => ({
    oursMs: spread(ours.lastOrphanEach.slice(i * share, (i + 1) * share)).p50,
    defaultsMs: defaults.lastOrphanEach[i] ?? null,
    tunedMs: tuned.lastOrphanEach[i] ?? null,
  }));
}
