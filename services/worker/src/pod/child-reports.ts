import type { ChildReport, PodBeat, ToSupervisor } from '@millrace/supervision';
import type { ChildExit, ChildProcessHandle } from './child-process.ts';

/** Children in one beat: a line of the link is at most 64 KiB, and a report with the longest of names 400 bytes. */
const REPORTS_A_BEAT = 150;

/** What the pod tells its supervisors of its children. */
export interface ChildReports {
  forked(id: string, handle: ChildProcessHandle): void;
  /** It said something, whatever it was. */
  heard(id: string, nowMs: number): void;
  /** A supervisor declared it dead, or it found itself so; and it may have been seen blocked by its own work. */
  fenced(id: string, busy: boolean): void;
  /** The pod's beat with what is seen of the children: one, or more when there are very many of them. */
  beats(beat: Omit<PodBeat, 'children'>, nowMs: number): readonly PodBeat[];
  /** The report of its end; then it is forgotten. */
  exited(
    id: string,
    exit: ChildExit,
    told: { readonly slot: number | null; readonly expected: boolean; readonly atMs: number },
  ): Extract<ToSupervisor, { type: 'exit' }>;
}

interface Entry {
  readonly handle: ChildProcessHandle;
  wordMs: number | null;
  fenced: boolean;
  busy: boolean;
}

/** See {@link ChildReports}. `nowMs` is on a clock that never steps: only ages leave the pod. */
export function createChildReports(): ChildReports {
  const children = new Map<string, Entry>();

  function report(id: string, { handle, wordMs }: Entry, nowMs: number): ChildReport {
    const { letter: state = null, cpuMs = null, rssBytes = null } = handle.vitals() ?? {};
    const silentMs = wordMs === null ? null : Math.max(0, nowMs - wordMs);
    return { worker: id, pid: handle.pid, silentMs, state, cpuMs, rssBytes };
  }

  return {
    forked: (id, handle) => void children.set(id, { handle, wordMs: null, fenced: false, busy: false }),
    heard(id, nowMs) {
      const child = children.get(id);
      if (child) child.wordMs = nowMs;
    },
    fenced(id, busy) {
      const child = children.get(id);
      if (child) Object.assign(child, { fenced: true, busy: child.busy || busy });
    },
    beats(beat, nowMs) {
      const reports = [...children].map(([id, child]) => report(id, child, nowMs));
      const parts = Array.from(
        { length: Math.max(1, Math.ceil(reports.length / REPORTS_A_BEAT)) },
        (_, part) => reports.slice(part * REPORTS_A_BEAT, (part + 1) * REPORTS_A_BEAT),
      );
      return parts.map((some) => ({ ...beat, children: some }));
    },
    exited(id, { lastLines, ...exit }, told) {
      const child = children.get(id);
      children.delete(id);
      const { fenced = false, busy = false } = child ?? {};
      const pid = child?.handle.pid ?? 0;
      return { type: 'exit', worker: id, pid, ...told, ...exit, fenced, busy, stderrTail: [...lastLines] };
    },
  };
}
