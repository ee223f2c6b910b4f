import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Clock, Timer } from '@millrace/core';
import { kernelsPeak } from '../autopsy/peak-memory.ts';
import { kernelUnits, type ProcStat, parseStat } from '../autopsy/proc-stat.ts';

/** How often the children are looked at: a look at one costs about 3 µs. */
const LOOK_MS = 4;
/** What is left of a dying process yields to those who take over its jobs: about a tenth of a processor that all want. */
const DYING_NICE = 10;
/** Set as a task enters its exit, from which it never returns to its own code (Linux, include/linux/sched.h). */
const PF_EXITING = 0x4;
const SIGKILL = 9;

/** True once a process is on its way out by SIGKILL: the low seven bits of its exit code are the signal. */
export function isDyingByKill({ flags, exitCode }: Pick<ProcStat, 'flags' | 'exitCode'>): boolean {
  return (flags & PF_EXITING) !== 0 && (exitCode & 0x7f) === SIGKILL;
}

/** What its parent sees of a child without asking it. Ms and bytes. */
export interface ChildVitals {
  readonly letter: string;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** One child that is looked at. */
export interface WatchedChild extends Timer {
  /** As it is now; null when it is gone or there is no /proc. */
  vitals(): ChildVitals | null;
  /** The highest resident size that it was seen with; null when nobody could look. */
  readonly peakRssBytes: number | null;
}

/** Sees children die before the kernel has told their parent, and how they live. */
export interface DyingWatch {
  /** Calls `onDying` once, when the process was killed; to cancel ends the watch. */
  add(pid: number, onDying: () => void): WatchedChild;
}

/**
 * Giving back the memory of a killed process is work of the kernel at the priority of its last thread, at the very
 * moment when its jobs are to start elsewhere. Nobody waits for it.
 */
export function yieldToTheLiving(pid: number): void {
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), DYING_NICE);
  } catch {
    // It is over already, or another user's.
  }
}

interface Watched {
  /** /proc/<pid>/stat: all that is known of it, some 10 µs to read and parse. */
  readonly file: number;
  /** /proc/<pid>/statm: its size alone, a quarter of that. It is nothing from the moment when it begins to exit. */
  readonly sizeFile: number;
  readonly pid: number;
  readonly onDying: () => void;
  peakPages: number;
  peakBytes: number;
}

/** Open files stay with this very process, whatever becomes of its pid. */
function openBoth(pid: number): Pick<Watched, 'file' | 'sizeFile'> | null {
  let file: number | null = null;
  try {
    file = openSync(`/proc/${pid}/stat`, 'r');
    return { file, sizeFile: openSync(`/proc/${pid}/statm`, 'r') };
  } catch {
    if (file !== null) closeSync(file);
    return null;
  }
}

const BLANK = 0x20;
const ZERO = 0x30;

/** The second number of a /proc/<pid>/statm. Digit by digit, for it is read hundreds of times a second. */
export function residentPages(text: Uint8Array): number {
  let at = text.indexOf(BLANK) + 1;
  let pages = 0;
  for (; text[at] !== undefined && text[at] !== BLANK; at++) pages = pages * 10 + (text[at] as number) - ZERO;
  return pages;
}

const UNSEEN: WatchedChild = { cancel: () => undefined, vitals: () => null, peakRssBytes: null };

/**
 * A killed process tells nobody before its memory is given back, sockets included: 20 to 50 ms for 200 MB on an idle
 * machine, three times that on a busy one. Its parent can see it begin to exit instead. Only SIGKILL counts: who
 * dies of anything else may have last words to be read first. Where there is no /proc, the exit itself is the news.
 */
export function createDyingWatch(clock: Clock): DyingWatch {
  const { pageBytes, ticksPerSecond } = kernelUnits();
  const watched = new Set<Watched>();
  const buffer = Buffer.alloc(1024);
  let timer: Timer | undefined;

  function remove(child: Watched): void {
    if (!watched.delete(child)) return;
    closeSync(child.file);
    closeSync(child.sizeFile);
    if (watched.size > 0) return;
    timer?.cancel();
    timer = undefined;
  }

  /** Null when it is reaped already: the exit has been told. */
  function read(child: Watched): ProcStat | null {
    if (!watched.has(child)) return null;
    try {
      const length = readSync(child.file, buffer, 0, buffer.length, 0);
      const stat = parseStat(buffer.toString('latin1', 0, length).trimEnd());
      return stat;
    } catch {
      remove(child);
      return null;
    }
  }

  /** Whether it has given up its memory: then it is worth a closer look. */
  function isLeaving(child: Watched): boolean {
    try {
      readSync(child.sizeFile, buffer, 0, buffer.length, 0);
      const pages = residentPages(buffer);
      if (pages > child.peakPages) child.peakPages = pages;
      return pages === 0;
    } catch {
      remove(child);
      return false;
    }
  }

  function look(): void {
    for (const child of watched) {
      const stat = isLeaving(child) ? read(child) : null;
      if (stat === null || !isDyingByKill(stat)) continue;
      remove(child);
      child.onDying();
      yieldToTheLiving(child.pid);
    }
  }

  function vitals(child: Watched): ChildVitals | null {
    const stat = read(child);
    if (stat === null) return null;
    child.peakBytes = Math.max(child.peakBytes, kernelsPeak(child.pid) ?? 0);
    const { letter, cpuTicks, rssPages } = stat;
    return { letter, cpuMs: (cpuTicks * 1_000) / ticksPerSecond, rssBytes: rssPages * pageBytes };
  }

  return {
    add(pid, onDying) {
      const files = openBoth(pid);
      if (files === null) return UNSEEN;
      const child: Watched = { ...files, pid, onDying, peakPages: 0, peakBytes: 0 };
      watched.add(child);
      timer ??= clock.every(LOOK_MS, look);
      return {
        cancel: () => remove(child),
        vitals: () => vitals(child),
        get peakRssBytes() {
          return Math.max(child.peakBytes, child.peakPages * pageBytes) || null;
        },
      };
    },
  };
}
