import { type Facts, figure, grade, percent } from './facts.ts';
import type { Finding } from './finding.ts';

const FULL = 0.9;
/** Above this, more workers would only share the same CPU. */
const BUSY_CPU = 0.75;

/** Share of the seconds in which next to no slot was free. */
function fullShare(facts: Facts): number {
  const busy = facts.metric('worker', 'busy').bySecond();
  const slots = facts.metric('worker', 'slots').bySecond();
  const shares = [...busy].map(([second, value]) => value / Math.max(1, slots.get(second) ?? 0));
  return shares.filter((share) => share >= FULL).length / Math.max(1, shares.length);
}

/** Every slot is taken, the machine is idle, and jobs wait. */
export function tooFewWorkers(facts: Facts): Finding | null {
  const { latency, throughput } = facts.run;
  const [wait, service] = [latency.wait.p50 ?? 0, latency.service.p50 ?? 0];
  const full = fullShare(facts);
  const cpu = facts.metric('host', 'cpu_ratio');
  if (!facts.isOpenLoop || !facts.metric('worker', 'slots').isTold) return null;
  if (full < 0.7 || wait < 2 * service || (cpu.isTold && cpu.mean > BUSY_CPU)) return null;
  const slots = [...facts.metric('worker', 'slots').bySecond().values()];
  const most = Math.max(...slots);
  const offered = facts.config('rate');
  const meanS = (latency.service.mean ?? 0) / 1_000;
  const wanted = Math.ceil(((offered || throughput.mean) * meanS) / 0.7);
  return {
    cause: 'too_few_workers',
    evidence: [
      `all ${figure(most)} slots were taken in ${percent(full)} of the seconds, and a job waited ${figure(wait)} ms in the median for ${figure(service)} ms of work`,
      ...(cpu.isTold ? [`the machine was busy for ${percent(cpu.mean)} only`] : []),
      ...(offered ? [`${figure(offered)} jobs a second were offered, ${figure(throughput.mean)} done`] : []),
    ],
    kind: 'fundamental',
    experiment: `Raise the concurrency or the workers to about ${figure(Math.max(wanted, most + 1))} slots (offered rate × service time ÷ 0.7); the wait must fall to about nothing.`,
    weight: 0.5 + 0.5 * grade(wait / Math.max(1, service), 2, 50),
  };
}
