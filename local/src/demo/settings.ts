import type { Host } from '../host.ts';

/** The shape of the demo: 64 jobs at once over 4 worker processes, offered by 4 producers against a bound of 256. */
export const DEMO = {
  queue: 'workload',
  bound: 256,
  producers: 4,
  slots: 4,
  concurrency: 16,
  crashMinMs: 300,
  crashMaxMs: 800,
  crashes: 3,
} as const;

/**
 * Of its attempts one in ten has its spans, so that percentiles made from them are near those of all jobs: at one in a
 * hundred some percentile is off by more than a twentieth in two runs of five.
 */
const HASH_RATE = '0.1';
/** Its report reads its traces soon after its end. */
const DELAY_MS = '500';

/** What the services of a demo are told of its traces, unless the user says it. */
export function demoTracing(env: Host['env']): Record<string, string> {
  const isSaid = (name: string) => Boolean(env[name]?.trim());
  const isSampled = isSaid('OTEL_TRACES_SAMPLER') || isSaid('OTEL_TRACES_SAMPLER_ARG');
  return {
    ...(isSampled ? {} : { OTEL_TRACES_SAMPLER_ARG: HASH_RATE }),
    ...(isSaid('OTEL_BSP_SCHEDULE_DELAY') ? {} : { OTEL_BSP_SCHEDULE_DELAY: DELAY_MS }),
  };
}

/** What a demo's run imposes on the configuration. */
export const DEMO_CONFIG = {
  worker: { processes: DEMO.slots },
  queues: { [DEMO.queue]: { bound: DEMO.bound, concurrency: DEMO.concurrency } },
};
