import { closeSync, openSync, readSync } from 'node:fs';
import type { Clock, Timer } from '@millrace/core';

/** How often the children are looked at: a look at one costs about 10 µs. */
const LOOK_MS = 10;
/** Set as a task enters its exit, from which it never returns to its own code (Linux, include/linux/sched.h). */
const PF_EXITING = 0x4;
const SIGKILL = 9;

/**
 * True once a process is on its way out by SIGKILL. `stat` is the text of /proc/<pid>/stat, see proc_pid_stat(5):
 * the ninth field is the task's flags, the last one its exit code, whose low seven bits are the signal.
 */
export function isDyingByKill(stat: string): boolean {
  // The second field, the name, may hold blanks and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const flags = Number(fields[6]);
  const exitCode = Number(fields.at(-1));
  return (flags & PF_EXITING) !== 0 && (exitCode & 0x7f) === SIGKILL;
}

/** Sees children die before the kernel has told their parent. */
export interface DyingWatch {
  /** Calls `onDying` once, when the process was killed; the returned timer ends the watch. */
  add(pid: number, onDying: () => void): Timer;
}

/**
 * A killed process tells nobody before its memory is given back, sockets included: 20 to 50 ms for 200 MB on an idle
 * machine, three times that on a busy one. Its parent can see it begin to exit instead. Only SIGKILL counts: who
 * dies of anything else may have last words to be read first. Where there is no /proc, the exit itself is the news.
 */
export function createDyingWatch(clock: Clock): DyingWatch {
  const watched = new Map<number, { readonly pid: number; readonly onDying: () => void }>();
  const buffer = Buffer.alloc(1024);
  let timer: Timer | undefined;

  function remove(file: number): void {
    if (!watched.delete(file)) return;
    closeSync(file);
    if (watched.size > 0) return;
    timer?.cancel();
    timer = undefined;
  }

  function look(): void {
    for (const [file, { onDying }] of watched) {
      let length: number;
      try {
        length = readSync(file, buffer, 0, buffer.length, 0);
      } catch {
        // Reaped already: the exit has been told.
        remove(file);
        continue;
      }
      if (!isDyingByKill(buffer.toString('latin1', 0, length).trimEnd())) continue;
      remove(file);
      onDying();
    }
  }

  return {
    add(pid, onDying) {
      let file: number;
      try {
        // The open file stays with this very process, whatever becomes of its pid.
        file = openSync(`/proc/${pid}/stat`, 'r');
      } catch {
        return { cancel: () => undefined };
      }
      watched.set(file, { pid, onDying });
      timer ??= clock.every(LOOK_MS, look);
      return { cancel: () => remove(file) };
    },
  };
}
