import { type Facts, figure, grade, percent } from './facts.ts';
import type { Finding } from './finding.ts';

const INFLATED = 3;
const BUSY_CPU = 0.85;

/** Jobs at once beyond what the CPU can carry: each takes longer, none more gets done. */
export function tooManyWorkers(facts: Facts): Finding | null {
  const expected = facts.expectedServiceMs;
  const mean = facts.run.latency.service.mean;
  const own = facts.metric('host', 'own_cpu_ratio');
  const cpu = own.isTold ? own : facts.metric('host', 'cpu_ratio');
  if (expected === null || mean === null || !cpu.isTold) return null;
  if (mean < INFLATED * expected || cpu.quantile(0.5) < BUSY_CPU) return null;
  const slots =
    Math.max(0, ...facts.metric('worker', 'slots').bySecond().values()) || facts.config('workers');
  const { cores } = facts;
  return {
    cause: 'too_many_workers',
    evidence: [
      `a job took ${figure(mean)} ms where its work is ${figure(expected)} ms: ${figure(mean / expected)} times as long`,
      `the platform's own processes kept the machine busy for ${percent(cpu.quantile(0.5))} (median)`,
      ...(slots && cores ? [`${figure(slots)} jobs may run at once on ${cores} cores`] : []),
    ],
    kind: 'accidental',
    experiment:
      'Halve the concurrency (or worker.cpuThreads): throughput must stay, service time must halve. Repeat until throughput falls.',
    weight: 0.5 + 0.5 * grade(mean / expected, INFLATED, 20),
  };
}
