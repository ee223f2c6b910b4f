import { readFileSync } from 'node:fs';

/** `VmHWM` of /proc/<pid>/status (see proc_pid_status(5)) in bytes; null where it does not stand, as of a zombie. */
export function peakOf(status: string): number | null {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

/** The highest resident size that a process was seen with; null where there is no /proc. */
export interface PeakMemory {
  readonly bytes: number | null;
  /** To be called while it lives: after its end there is nothing left to see. Costs about 20 µs. */
  look(): void;
}

export function createPeakMemory(pid: number | undefined): PeakMemory {
  let bytes: number | null = null;
  return {
    get bytes() {
      return bytes;
    },
    look() {
      try {
        bytes = peakOf(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? bytes;
      } catch {
        // It is gone.
      }
    },
  };
}
