import { type Facts, figure, grade } from './facts.ts';
import type { Finding } from './finding.ts';

const LINES_A_JOB = 5;
const LINES_A_SECOND = 500;

/** Where only bytes are told: what a short line of a structured log has. */
const LINE_BYTES = 150;

/** Lines of the whole run; null where nobody told. */
function linesOf(facts: Facts): { readonly lines: number; readonly seconds: number } | null {
  const [lines, bytes] = [facts.metric('worker', 'log_lines'), facts.metric('worker', 'log_bytes')];
  if (!lines.isTold && !bytes.isTold) return null;
  const told = lines.isTold ? lines : bytes;
  return {
    lines: lines.isTold ? lines.sum : bytes.sum / LINE_BYTES,
    seconds: Math.max(1, told.bySecond().size),
  };
}

/** Workers write more than they work. */
export function loggingStorm(facts: Facts): Finding | null {
  const told = linesOf(facts);
  if (told === null) return null;
  const { lines, seconds } = told;
  const [aSecond, aJob] = [lines / seconds, lines / Math.max(1, facts.run.jobs.done)];
  if (aSecond < LINES_A_SECOND || aJob < LINES_A_JOB) return null;
  return {
    cause: 'logging_storm',
    evidence: [
      `the workers wrote ${figure(aSecond)} log lines a second, ${figure(aJob)} for each job`,
      `that is ${figure(lines)} lines in the run; each is formatted on the thread that serves the jobs`,
    ],
    kind: 'accidental',
    experiment:
      'Set MILLRACE_LOG_LEVEL one step higher, or log once a job instead of once a step, and compare throughput and p99.',
    weight: 0.6 + 0.4 * grade(aJob, LINES_A_JOB, 100),
  };
}
