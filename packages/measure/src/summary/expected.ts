import { parseParameters, runChecksum } from '@millrace/workload';
import type { RunEvent } from '../events.ts';

/** More steps than these take seconds to count again. */
const MOST_STEPS = 5e8;

const numberOf = (config: RunEvent['config'], key: string): number | null => {
  const value = config[key];
  return typeof value === 'number' ? value : null;
};

/** Mean steps of a job as the configuration draws them; null where it is no workload's. */
function meanSteps(config: RunEvent['config']): number | null {
  const at = (key: string) => numberOf(config, key);
  const [least, most] = [at('work_min'), at('work_max')];
  if (least === null || most === null) return null;
  const tail = 1 + ((at('tail_per_mille') ?? 0) / 1_000) * ((at('tail_factor') ?? 1) - 1);
  return ((least + most) / 2) * tail * ((at('work_mul') ?? 1) / Math.max(1, at('work_div') ?? 1));
}

/** What the handler of a job takes in the mean when nothing is in its way, in ms; null where nobody can know. */
export function expectedServiceMs(run: RunEvent | null): number | null {
  if (run === null) return null;
  const at = (key: string) => numberOf(run.config, key) ?? 0;
  const steps = meanSteps(run.config);
  if (steps === null) return null;
  const sleepMs = ((at('sleep_min') + at('sleep_max')) / 2) * (numberOf(run.config, 'sleep_mul') ?? 1);
  return (steps * run.ns_per_step) / 1e6 + sleepMs + (at('block_per_mille') / 1_000) * at('block_ms');
}

/** The checksum that the run must have; null where its configuration is none, or it would take too long. */
export function expectedChecksum(run: RunEvent | null): number | null {
  const steps = run === null ? null : meanSteps(run.config);
  if (run === null || steps === null) return null;
  const parsed = parseParameters(run.config);
  if (!parsed.ok || parsed.value.jobs * steps > MOST_STEPS) return null;
  return runChecksum(parsed.value);
}
