import type { FromProcess } from '../ipc.ts';

/** What the pod supervisor and a worker process tell each other of processes with one job in them. */
export interface AloneReport {
  began(pid: number): void;
  ended(pid: number): void;
  /** The kernel killed one for memory. */
  memoryKill(): void;
  /** True when the pod supervisor killed that one since the container's memory was nearly full. */
  wasTooLarge(pid: number): boolean;
}

/** The worker's side; `tooLarge` is called at the pod's word. */
export function createAloneReport(
  tellPod: (message: FromProcess) => void,
): AloneReport & { tooLarge(pid: number): void } {
  const living = new Set<number>();
  const killed = new Set<number>();
  return {
    began(pid) {
      living.add(pid);
      tellPod({ type: 'alone', pid });
    },
    ended(pid) {
      living.delete(pid);
      killed.delete(pid);
      tellPod({ type: 'alone-ended', pid });
    },
    memoryKill: () => tellPod({ type: 'memory-kill' }),
    wasTooLarge: (pid) => killed.has(pid),
    tooLarge(pid) {
      if (living.has(pid)) killed.add(pid);
    },
  };
}
