import { readFileSync } from 'node:fs';

/** CPU time of the machine since its start, over all of its CPUs, in seconds. */
export interface HostCpu {
  readonly totalSeconds: number;
  /** Kept from us by the host below: other guests ran. */
  readonly stealSeconds: number;
}

/** Linux tells this file in hundredths of a second, whatever the kernel counts in (USER_HZ). */
const TICKS_A_SECOND = 100;

/** Reads the first line of `/proc/stat`; null for what is none. */
export function parseHostCpu(stat: string): HostCpu | null {
  const ticks = /^cpu +([\d ]+)$/m.exec(stat)?.[1]?.trim().split(/ +/).map(Number);
  if (ticks === undefined || ticks.length < 8) return null;
  // user nice system idle iowait irq softirq steal; guest time is in user already.
  const total = ticks.slice(0, 8).reduce((sum, each) => sum + each, 0);
  return { totalSeconds: total / TICKS_A_SECOND, stealSeconds: (ticks[7] ?? 0) / TICKS_A_SECOND };
}

/** Null where the kernel does not tell (no Linux). */
export function readHostCpu(file = '/proc/stat'): HostCpu | null {
  try {
    return parseHostCpu(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
