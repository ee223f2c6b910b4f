import { type Clock, type Log, TransientSet } from '@millrace/core';
import type { IoWatch } from '../lanes/io-lane.ts';
import type { JobFacts } from '../lanes/lane.ts';

/** From here on a blocked event loop is worth a word: every other job of the process stood still. */
export const BLOCKED_MS = 1_000;
/** One report a minute: a handler that blocks once does so with every job. */
const REPORT_EVERY_MS = 60_000;
const MAX_CANDIDATES = 16;

export interface BlockReport extends IoWatch {
  /** To be called every `beatMs`; coming late is the evidence. */
  tick(): void;
}

const nameOf = ({ queue, name, id }: JobFacts) => `${queue}/${name} (job ${id})`;

/**
 * Says once a minute in the log that a handler held the event loop for more than a second, and which it may have been:
 * those that run now, and those that ended since the last tick, for the culprit may have ended with its block.
 */
export function createBlockReport(options: {
  readonly beatMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** CPU time of the event loop's thread so far, ms. */
  readonly cpuMs: () => number;
}): BlockReport {
  const { beatMs, clock, log, cpuMs } = options;
  const running = new TransientSet<JobFacts>();
  let ended: JobFacts[] = [];
  let lastMs = clock.monotonicMs();
  let lastCpuMs = cpuMs();
  let reportedMs = Number.NEGATIVE_INFINITY;
  let unreported = 0;

  function report(blockedMs: number, computedMs: number, nowMs: number): void {
    const candidates = [...ended, ...running].slice(0, MAX_CANDIDATES).map(nameOf);
    if (candidates.length === 0) return;
    if (nowMs - reportedMs < REPORT_EVERY_MS) {
      unreported += 1;
      return;
    }
    const fields = { blockedMs: Math.round(blockedMs), computedMs: Math.round(computedMs), candidates };
    const advice = 'put what computes on the cpu lane or into compute()';
    log.warn(
      { ...fields, unreported },
      `The event loop stood still, and with it every job of this process: ${advice}`,
    );
    reportedMs = nowMs;
    unreported = 0;
  }

  return {
    began: (job) => running.add(job),
    ended(job) {
      running.delete(job);
      if (ended.length < MAX_CANDIDATES) ended.push(job);
    },
    tick() {
      const nowMs = clock.monotonicMs();
      const nowCpuMs = cpuMs();
      const blockedMs = nowMs - lastMs - beatMs;
      if (blockedMs >= BLOCKED_MS) report(blockedMs, nowCpuMs - lastCpuMs, nowMs);
      ended = [];
      lastMs = nowMs;
      lastCpuMs = nowCpuMs;
    },
  };
}
