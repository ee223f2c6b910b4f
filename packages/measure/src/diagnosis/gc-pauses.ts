import { type Facts, figure, grade, percent } from './facts.ts';
import type { Finding } from './finding.ts';
import { isNoisy } from './noisy-host.ts';

/** Share of its time that a healthy process gives to garbage collection at most. */
const MOST_SHARE = 0.06;
/** Pauses count by the wall clock: a process that waits for a CPU in one has a longer one. */
const MOST_IN_NOISE = 0.2;

/** Workers spend their time collecting garbage. */
export function gcPauses(facts: Facts): Finding | null {
  const gc = facts.metric('worker', 'gc_ms');
  const most = isNoisy(facts) ? MOST_IN_NOISE : MOST_SHARE;
  if (!gc.isTold || gc.mean / 1_000 < most) return null;
  const cpu = facts.metric('worker', 'cpu_ms');
  const ofCpu = cpu.sum > 0 ? gc.sum / cpu.sum : null;
  const allocated = facts.config('alloc_bytes');
  return {
    cause: 'gc_pauses',
    evidence: [
      `a worker process spent ${percent(gc.mean / 1_000)} of its time in garbage collection (${figure(gc.mean)} ms a second in the mean, ${figure(gc.max)} at worst)`,
      ...(ofCpu === null ? [] : [`that is ${percent(ofCpu)} of the CPU time it used`]),
      ...(allocated ? [`each job allocates ${figure(allocated)} bytes and drops them`] : []),
    ],
    kind: 'accidental',
    experiment:
      'Allocate less in a job (reuse buffers, stream instead of collecting), or give the young generation more room (--max-semi-space-size=32), and compare gc_ms.',
    weight: 0.5 + 0.5 * grade(gc.mean / 1_000, MOST_SHARE, 0.4),
  };
}
