import { systemClock } from '@millrace/core';
import { defineHandler, fail, type StandardSchemaV1 } from '@millrace/sdk';
import { compute, type JobData, parseJobData, planJob, type WorkloadJob } from '@millrace/workload';

const input: StandardSchemaV1<JobData, WorkloadJob> = {
  '~standard': {
    version: 1,
    vendor: 'millrace',
    validate(data) {
      const parsed = parseJobData(data);
      if (parsed.ok) return { value: parsed.value };
      const issues = parsed.faults.map(({ name, message }) => ({
        message,
        path: name === null ? [] : [name],
      }));
      return { issues };
    },
  },
};

/** Garbage pressure: memory that is really touched, and dropped at once. */
function allocate(bytes: number): void {
  if (bytes > 0) new Uint8Array(bytes).fill(1);
}

/** Blocks this thread's event loop on purpose: what a job that forgot its lane does. */
function spin(ms: number): void {
  const endMs = systemClock.monotonicMs() + ms;
  while (systemClock.monotonicMs() < endMs);
}

/** One job of the deterministic workload: `{seed, id, …parameters}` → `{checksum}`. */
export default defineHandler({
  queue: 'workload',
  name: 'workload',
  lane: 'io',
  input,
  compute: { compute },
  retry: { attempts: 3, backoff: 'fixed', base: 0 },
  async run({ data: { id, parameters }, signal, attempt, compute: inPool }) {
    const plan = planJob(parameters, id);
    allocate(parameters.alloc_bytes);
    if (plan.blockMs > 0) spin(plan.blockMs);
    const checksum = plan.pooled
      ? await inPool(compute, [plan.start, plan.workUnits])
      : compute(plan.start, plan.workUnits);
    if (plan.failsOnce && attempt === 1) return fail(`Job ${id} fails once, as fail_per_mille asks.`);
    if (plan.sleepMs > 0) await systemClock.sleep(plan.sleepMs, signal);
    return { checksum };
  },
});
