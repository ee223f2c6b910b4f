import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** The start time and state in a line of /proc/<pid>/stat; the name before them may hold blanks and brackets. */
export function parseProcStat(line: string): { state: string; startTicks: string } | null {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  return state && startTicks ? { state, startTicks } : null;
}

async function linuxMark(pid: number): Promise<string | null> {
  const [stat, boot] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
  ]);
  const parsed = parseProcStat(stat);
  return parsed && !'ZX'.includes(parsed.state) ? `${boot.trim()}/${parsed.startTicks}` : null;
}

async function psMark(pid: number): Promise<string | null> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]);
  return stdout.trim() || null;
}

/**
 * A text that, with the pid, names one process for ever (pids are used again, start times are not);
 * null when no such process runs.
 */
export async function startMark(pid: number): Promise<string | null> {
  const mark = process.platform === 'linux' ? linuxMark : psMark;
  return mark(pid).catch(() => null);
}

/** True while the process that `mark` was taken of still runs. */
export async function isStillRunning(pid: number, mark: string): Promise<boolean> {
  return (await startMark(pid)) === mark;
}

/** Sends a signal to a process, or with a negative pid to its group. False when there is none. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
