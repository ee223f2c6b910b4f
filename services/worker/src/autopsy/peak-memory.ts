import { readFileSync } from 'node:fs';

/** `VmHWM` of /proc/<pid>/status (see proc_pid_status(5)) in bytes; null where it does not stand, as of a zombie. */
export function peakOf(status: string): number | null {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

/** The peak that the kernel keeps of a process, in bytes: it sees what comes and goes between two looks. Null when it is gone. */
export function kernelsPeak(pid: number | undefined): number | null {
  try {
    return peakOf(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return null;
  }
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
      bytes = kernelsPeak(pid) ?? bytes;
    },
  };
}
