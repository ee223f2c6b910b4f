import { closeSync, openSync, readSync } from 'node:fs';
import { kernelUnits, parseStat } from '../autopsy/proc-stat.ts';

/** The resident size of one very process, whatever becomes of its pid. */
export interface ProcessSize {
  /** Null once it is gone. */
  bytes(): number | null;
  close(): void;
}

const { pageBytes } = kernelUnits();
const buffer = Buffer.alloc(1024);

/** Null when there is no such process, or no /proc. */
export function openProcessSize(pid: number): ProcessSize | null {
  let file: number;
  try {
    file = openSync(`/proc/${pid}/stat`, 'r');
  } catch {
    return null;
  }
  return {
    bytes() {
      try {
        const length = readSync(file, buffer, 0, buffer.length, 0);
        return parseStat(buffer.toString('latin1', 0, length)).rssPages * pageBytes;
      } catch {
        return null;
      }
    },
    close: () => closeSync(file),
  };
}
