import { type Facts, figure, grade, percent } from './facts.ts';
import type { Finding } from './finding.ts';

const INFLATED = 3;
const IDLE_CPU = 0.6;
const SLOW_MS = 250;
const MOST_CALLS = 0.7;

/** Seen from the figures: handlers take far longer than their work, and nobody uses the CPU meanwhile. */
function fromFigures(facts: Facts): { readonly factor: number; readonly said: string } | null {
  const expected = facts.expectedServiceMs;
  const mean = facts.run.latency.service.mean;
  const cpu = facts.metric('host', 'cpu_ratio');
  if (expected === null || mean === null || !cpu.isTold) return null;
  const factor = mean / expected;
  const loop = facts.metric('worker', 'loop_delay_ms');
  if (factor < INFLATED || cpu.mean > IDLE_CPU || loop.quantile(0.5) > mean / 2) return null;
  const said = `a job took ${figure(mean)} ms where its own work is ${figure(expected)} ms, while the CPU was used for ${percent(cpu.mean)} only: it waited for somebody`;
  return { factor, said };
}

/** Seen from the traces: most of a handler's time is in calls to others. */
function fromTraces(facts: Facts): { readonly factor: number; readonly said: string } | null {
  const [slowest] = facts.run.calls;
  const service = facts.run.latency.service;
  if (slowest === undefined || (service.p95 ?? 0) < SLOW_MS || slowest.share < MOST_CALLS) return null;
  const said = `${percent(slowest.share)} of the handlers' time went into calls "${slowest.name}" (${figure(slowest.meanMs)} ms each), of ${figure(service.p95 ?? 0)} ms at the 95th percentile`;
  return { factor: (service.p95 ?? 0) / SLOW_MS + 2, said };
}

/** Handlers wait for others. */
export function slowDownstream(facts: Facts): Finding | null {
  const [figures, traces] = [fromFigures(facts), fromTraces(facts)];
  const factor = Math.max(figures?.factor ?? 0, traces?.factor ?? 0);
  if (factor === 0) return null;
  return {
    cause: 'slow_downstream',
    evidence: [figures, traces].flatMap((seen) => (seen === null ? [] : [seen.said])),
    kind: 'accidental',
    experiment:
      'Measure the service that is called from elsewhere at the same time; give the call a deadline of its own and cap the calls at once, so that a slow one cannot take every slot.',
    weight: 0.5 + 0.5 * grade(factor, 2, 20),
  };
}
