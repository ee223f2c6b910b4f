import { type Facts, figure, grade, percent } from './facts.ts';
import type { Finding } from './finding.ts';
import { isNoisy } from './noisy-host.ts';

/** Longer than a loop with healthy handlers stands still; a job's own compute in the loop is below. */
const BLOCKED_MS = 40;
/** A machine that is short of CPU now and then delays a loop too. */
const MOST_SHARE = 0.15;
const MOST_IN_NOISE = 0.4;

/**
 * Something computes on the thread that must serve everybody. It differs from a machine that is too busy in that the
 * process itself used the CPU meanwhile, that it was not garbage, and that a quiet process beside it was not delayed.
 */
export function blockedEventLoop(facts: Facts): Finding | null {
  const delays = facts.metric('worker', 'loop_delay_ms');
  if (!delays.isTold) return null;
  const at = (source: 'gc_ms' | 'cpu_ms') =>
    new Map(
      facts.metric('worker', source).samples.map(({ second, name, value }) => [`${second} ${name}`, value]),
    );
  const [gc, cpu] = [at('gc_ms'), at('cpu_ms')];
  const beside = facts.metric('supervisor', 'loop_delay_ms').bySecond();
  const isBlocked = (value: number, { second, name }: { second: number; name: string }) => {
    const own = value - (gc.get(`${second} ${name}`) ?? 0);
    const used = cpu.get(`${second} ${name}`) ?? Number.POSITIVE_INFINITY;
    return own >= BLOCKED_MS && used >= own / 2 && own >= 2 * (beside.get(second) ?? 0);
  };
  const share = delays.share(isBlocked);
  if (share < (isNoisy(facts) ? MOST_IN_NOISE : MOST_SHARE)) return null;
  const worst = delays.quantile(0.95);
  return {
    cause: 'blocked_event_loop',
    evidence: [
      `in ${percent(share)} of the seconds a worker's event loop stood still for ${BLOCKED_MS} ms or more (95th percentile ${figure(worst)} ms, longest ${figure(delays.max)} ms), while its process used the CPU and was not collecting garbage`,
      ...(beside.size > 0
        ? [
            `the supervisor beside it was delayed by at most ${figure(facts.metric('supervisor', 'loop_delay_ms').max)} ms: it is not the machine`,
          ]
        : []),
    ],
    kind: 'accidental',
    experiment:
      "Move the computing part to the cpu lane (lane: 'cpu', or compute(fn, args)) and run again; the loop delay must fall below 20 ms.",
    weight: 0.5 + 0.5 * Math.max(grade(share, MOST_SHARE, 0.5), grade(worst, BLOCKED_MS, 500)),
  };
}
