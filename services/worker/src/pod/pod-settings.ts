import type { Config } from '@millrace/core';
import { backoffFrom } from '@millrace/supervision';
import type { PodSettings } from './pod-state.ts';

/** A pod's settings as the configuration says them. */
export function podSettings({
  worker,
  supervision,
  drain,
}: Pick<Config, 'worker' | 'supervision' | 'drain'>): PodSettings {
  const { intensity, periodMs, killFenced } = supervision;
  const { processes, standby } = worker;
  return {
    ...{ processes, standby, killFenced, intensity, periodMs, drain },
    backoff: backoffFrom(supervision.backoffMs),
  };
}
