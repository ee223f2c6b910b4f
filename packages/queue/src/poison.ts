import type { Config } from '@millrace/core';

/** Deaths of its process that make a job poison; 0 where quarantine is off and none is counted. */
export function poisonKills({ poison }: Config): number {
  return poison.quarantine ? poison.kills : 0;
}
