import { type Facts, figure, grade, percent } from './facts.ts';
import type { Finding } from './finding.ts';

const MOST_SHARE = 0.15;

/** Much of the work is done again and again. */
export function retryStorm(facts: Facts): Finding | null {
  const { failedAttempts, done } = facts.run.jobs;
  const share = failedAttempts / Math.max(1, failedAttempts + done);
  if (failedAttempts < 20 || share < MOST_SHARE) return null;
  const [most] = facts.run.errors;
  return {
    cause: 'retry_storm',
    evidence: [
      `${percent(share)} of all attempts failed: ${figure(failedAttempts)} for ${figure(done)} jobs done`,
      ...(most ? [`the most frequent error, ${figure(most[1])} times: ${most[0]}`] : []),
    ],
    kind: 'accidental',
    experiment:
      'Take the error away for one run; if it comes from downstream, retry with exponential backoff and jitter, and fail for good (no retry) what cannot succeed.',
    weight: 0.5 + 0.5 * grade(share, MOST_SHARE, 0.6),
  };
}
