import { defineHandler } from '@millrace/sdk';
import { compute } from '@millrace/workload';
import workload from '../workload.ts';

/** The innocent: a job of the deterministic workload beside those that do harm. */
export default defineHandler({
  queue: 'chaos',
  name: 'work',
  ...(workload.input && { input: workload.input }),
  compute: { compute },
  retry: { attempts: 3, backoff: 'fixed', base: 0 },
  run: (context) => workload.run(context as Parameters<typeof workload.run>[0]),
});
