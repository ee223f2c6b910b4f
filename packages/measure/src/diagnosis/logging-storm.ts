import { type Facts, figure, grade } from './facts.ts';
import type { Finding } from './finding.ts';

const LINES_A_JOB = 5;
const LINES_A_SECOND = 500;

/** Workers write more than they work. */
export function loggingStorm(facts: Facts): Finding | null {
  const lines = facts.metric('worker', 'log_lines');
  if (!lines.isTold) return null;
  const seconds = Math.max(1, lines.bySecond().size);
  const [aSecond, aJob] = [lines.sum / seconds, lines.sum / Math.max(1, facts.run.jobs.done)];
  if (aSecond < LINES_A_SECOND || aJob < LINES_A_JOB) return null;
  return {
    cause: 'logging_storm',
    evidence: [
      `the workers wrote ${figure(aSecond)} log lines a second, ${figure(aJob)} for each job`,
      `that is ${figure(lines.sum)} lines in the run; each is formatted on the thread that serves the jobs`,
    ],
    kind: 'accidental',
    experiment:
      'Set LOG_LEVEL one step higher, or log once a job instead of once a step, and compare throughput and p99.',
    weight: 0.6 + 0.4 * grade(aJob, LINES_A_JOB, 100),
  };
}
