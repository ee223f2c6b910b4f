import { type Facts, figure, grade, percent } from './facts.ts';
import type { Finding } from './finding.ts';

const MOST_STEAL = 0.1;
const MOST_OTHERS = 0.3;
const FULL = 0.85;
/** Waiting processes a core at the start, where nothing better is told. */
const MOST_LOAD = 3;

/**
 * Whether others use the machine: then all that is timed takes longer (a pause for garbage, a turn of the loop, a PING),
 * and a cause that rests on such times needs more of them.
 */
export const isNoisy = (facts: Facts) => noisyHost(facts) !== null;

/** Others use the machine. */
export function noisyHost(facts: Facts): Finding | null {
  const steal = facts.metric('host', 'steal_ratio');
  const cpu = facts.metric('host', 'cpu_ratio');
  const own = facts.metric('host', 'own_cpu_ratio');
  const stolen = steal.isTold ? steal.mean : 0;
  const others = cpu.isTold && own.isTold && cpu.mean >= FULL ? cpu.mean - own.mean : 0;
  const { cores, run } = facts;
  const load = !cpu.isTold && run.run !== null && cores !== null ? run.run.load / cores : 0;
  if (stolen < MOST_STEAL && others < MOST_OTHERS && load < MOST_LOAD) return null;
  return {
    cause: 'noisy_host',
    evidence: [
      ...(stolen >= MOST_STEAL ? [`the hypervisor gave ${percent(stolen)} of the CPU time to others`] : []),
      ...(others >= MOST_OTHERS
        ? [`the machine was busy for ${percent(cpu.mean)}, and only ${percent(own.mean)} was this platform`]
        : []),
      ...(load >= MOST_LOAD
        ? [`${figure(run.run?.load ?? 0)} processes were waiting for ${cores} cores when the run began`]
        : []),
    ],
    kind: 'accidental',
    experiment:
      'Run again on a quiet machine, or interleave pairs of runs and compare ratios; no single time counts here.',
    weight:
      0.5 +
      0.5 *
        Math.max(grade(stolen, MOST_STEAL, 0.5), grade(others, MOST_OTHERS, 0.8), grade(load, MOST_LOAD, 10)),
  };
}
