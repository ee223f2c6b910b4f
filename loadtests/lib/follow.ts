import { sleep } from 'k6';
import { type JobTimes, timesOf } from './answers.ts';
import { readAll } from './client.ts';
import { metrics, nowSlice, testMs } from './metrics.ts';
import { addressOf, JOBS_PATH, type Run } from './run.ts';

const FIRST_LOOK_S = 0.05;
const LAST_LOOK_S = 1;
const SLOWER = 1.6;

interface JobView extends JobTimes {
  readonly id: string;
  readonly state: string;
  readonly error: string | null;
}

/** What one look says of a job. */
function settle(id: string, status: number, body: unknown, run: Run, delayMs: number): boolean {
  if (status === 404) {
    // Kept for a while only; whether it ended, the ledger says (`unaccounted`).
    metrics.vanished.add(1);
    metrics.unsettled.add(-1);
    return true;
  }
  const job = body as JobView;
  if (status !== 200 || (job.state !== 'completed' && job.state !== 'failed')) return false;
  metrics.unsettled.add(-1);
  metrics.ended.add(1, nowSlice(run.slices));
  if (job.state === 'failed') {
    metrics.failed.add(1);
    console.warn(`job ${id} failed: ${job.error}`);
  }
  const times = timesOf(job, delayMs);
  if (times !== null) {
    metrics.wait.add(times.wait);
    metrics.run.add(times.run);
    metrics.total.add(times.total, nowSlice(run.slices));
  }
  return true;
}

/** Looks at accepted jobs until each has ended, or until the run's time is over: then they stay unsettled. */
export function follow(run: Run, ids: readonly string[], delayMs: number): void {
  const { durationS, drainS } = run.settings;
  const endMs = (durationS + drainS) * 1000 - 2_000;
  let open = ids;
  let pause = FIRST_LOOK_S + delayMs / 1000;
  for (;;) {
    sleep(pause);
    const answers = readAll(
      addressOf(run),
      open.map((id) => `${JOBS_PATH}/${encodeURIComponent(id)}`),
      { name: 'job', expected: [404] },
    );
    open = open.filter((id, at) => {
      const answer = answers[at];
      return !answer || !settle(id, answer.status, answer.body, run, delayMs);
    });
    if (open.length === 0) return;
    if (testMs() > endMs) {
      console.warn(`unsettled at the end: ${open.join(', ')}`);
      return;
    }
    pause = Math.min(LAST_LOOK_S, Math.max(FIRST_LOOK_S, pause) * SLOWER);
  }
}
