import { readFileSync } from 'node:fs';
import type { Clock } from '@millrace/core';

const LOOK_MS = 250;

/** `VmHWM` of /proc/<pid>/status (see proc_pid_status(5)) in bytes; null where it does not stand, as of a zombie. */
export function peakOf(status: string): number | null {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

/** The highest resident size that a process was seen with. */
export interface PeakMemory {
  readonly bytes: number | null;
  /** Looks now: after its end there is nothing left to see. */
  look(): void;
  stop(): void;
}

/** Looks four times a second; a look costs about 20 µs. Null stays where there is no /proc. */
export function watchPeakMemory(pid: number | undefined, clock: Clock): PeakMemory {
  let bytes: number | null = null;
  const look = () => {
    try {
      bytes = peakOf(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? bytes;
    } catch {
      timer.cancel();
    }
  };
  const timer = clock.every(LOOK_MS, look);
  return {
    get bytes() {
      return bytes;
    },
    look,
    stop: () => timer.cancel(),
  };
}
