import type { Clock } from '@millrace/core';
import type { NoopQueue } from '../stock/noop-queue.ts';
import { type Drain, ledgerOf } from './figures.ts';
import type { OurPlatform } from './ours.ts';
import { processorMs } from './processor-time.ts';
import { EXPORT, OURS, type OurSide, type Side, type StockSide } from './sides.ts';
import { NOTHING, type SideCounts } from './sink/sink.ts';

const LOOK_MS = 50;
/** No span came for so long: no more will. */
const QUIET_MS = 1_500;
/**
 * A side without spans waits as long as one whose last leave after the export's delay: all have idled about equally long
 * when their processor time is read.
 */
const SETTLE_MS = EXPORT.delayMs + QUIET_MS;
/** Spans that have not come by then will not come. */
const SPANS_MS = 15_000;

/** What drains are made on. */
export interface Field {
  readonly ours: OurPlatform;
  readonly stock: Readonly<Record<StockSide, NoopQueue>>;
  /** What the collector has had of a side so far; null where it cannot tell (a Jaeger). */
  readonly sent: ((side: Side) => Promise<SideCounts>) | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const isOurs = (side: Side): side is OurSide => (OURS as readonly Side[]).includes(side);

function minus(after: SideCounts, before: SideCounts): SideCounts {
  const names = Object.keys(after.byName);
  return {
    spans: after.spans - before.spans,
    byName: Object.fromEntries(
      names.map((name) => [name, (after.byName[name] ?? 0) - (before.byName[name] ?? 0)]),
    ),
    errors: after.errors - before.errors,
    requests: after.requests - before.requests,
    bytes: after.bytes - before.bytes,
  };
}

/** Waits until the collector has no more to come of `side`; resolves with what it had and how long that took. */
async function untilSent(field: Field, side: Side, wanted: number, startMs: number) {
  const { clock, signal } = field;
  const sent = field.sent ?? (async () => NOTHING);
  let last = await sent(side);
  // Those that came before the first look came at once.
  let changedMs = startMs;
  for (;;) {
    await clock.sleep(LOOK_MS, signal);
    const now = await sent(side);
    const nowMs = clock.monotonicMs();
    if (now.spans !== last.spans) changedMs = nowMs;
    last = now;
    const isMissing = field.sent !== null && (now.byName.process ?? 0) < wanted;
    if (nowMs - startMs < SETTLE_MS || nowMs - changedMs < QUIET_MS) continue;
    if (!isMissing || nowMs - startMs > SPANS_MS) return { last, lagMs: changedMs - startMs };
  }
}

const drainOf = (field: Field, side: Side) =>
  isOurs(side) ? field.ours.drain(side, field.signal) : field.stock[side].drain(field.signal);

const pidsOf = (field: Field, side: Side) => (isOurs(side) ? field.ours.pids(side) : field.stock[side].pids);

/** Fills one side's queue, lets it run empty, and waits until its spans are sent. */
export async function drainOnce(field: Field, side: Side, jobs: number): Promise<Drain> {
  if (isOurs(side)) await field.ours.fill(side, jobs);
  else await field.stock[side].fill(jobs);
  const before = (await field.sent?.(side)) ?? NOTHING;
  const cpuBefore = await processorMs(pidsOf(field, side));
  const { ends, starts } = await drainOf(field, side);
  const endMs = field.clock.monotonicMs();
  if (!isOurs(side)) await field.stock[side].flush();
  const wanted = side === 'everyJob' || side === 'stockOtel' ? (before.byName.process ?? 0) + jobs : 0;
  const { last, lagMs } = await untilSent(field, side, wanted, endMs);
  const cpuMs = (await processorMs(pidsOf(field, side))) - cpuBefore;
  const endsMs = ends.map(({ atMs }) => atMs);
  const ledger = ledgerOf(
    jobs,
    ends.map(({ job }) => job),
    starts,
  );
  return { jobs, endsMs, ledger, cpuMs, sent: minus(last, before), lagMs };
}
