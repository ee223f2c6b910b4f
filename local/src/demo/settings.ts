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

/** What a demo's run imposes on the configuration. */
export const DEMO_CONFIG = {
  worker: { processes: DEMO.slots },
  queues: { [DEMO.queue]: { bound: DEMO.bound, concurrency: DEMO.concurrency } },
};
