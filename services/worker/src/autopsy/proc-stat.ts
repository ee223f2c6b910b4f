import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';

/** What /proc/<pid>/stat tells of a process, see proc_pid_stat(5). */
export interface ProcStat {
  /** The kernel's letter of its main thread: R runs, S sleeps, D waits for a disk, T stopped, Z dead. */
  readonly letter: string;
  readonly flags: number;
  /** User and system time of all its threads. */
  readonly cpuTicks: number;
  readonly rssPages: number;
  readonly exitCode: number;
}

/** Parses the text of /proc/<pid>/stat. */
export function parseStat(text: string): ProcStat {
  // The second field, the name, may hold blanks and brackets itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return {
    letter: fields[0] ?? '',
    flags: field(9),
    cpuTicks: field(14) + field(15),
    rssPages: field(24),
    exitCode: Number(fields.at(-1)),
  };
}

/** What the kernel counts in. */
export interface KernelUnits {
  readonly pageBytes: number;
  readonly ticksPerSecond: number;
}

/** Keys of the auxiliary vector, see getauxval(3). */
const AT_PAGESZ = 6n;
const AT_CLKTCK = 17n;

/** Reads the units from an auxiliary vector: pairs of machine words, as /proc/self/auxv of a 64-bit process has them. */
export function unitsOf(auxv: Uint8Array): KernelUnits {
  const view = new DataView(auxv.buffer, auxv.byteOffset, auxv.byteLength);
  const little = endianness() === 'LE';
  const values = new Map<bigint, number>();
  for (let at = 0; at + 16 <= auxv.byteLength; at += 16) {
    values.set(view.getBigUint64(at, little), Number(view.getBigUint64(at + 8, little)));
  }
  return { pageBytes: values.get(AT_PAGESZ) ?? 4_096, ticksPerSecond: values.get(AT_CLKTCK) ?? 100 };
}

/** The units of this machine; the usual ones where there is no /proc. */
export function kernelUnits(): KernelUnits {
  try {
    return unitsOf(readFileSync('/proc/self/auxv'));
  } catch {
    return unitsOf(new Uint8Array());
  }
}
