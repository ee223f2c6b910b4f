import type { ChildProcess } from 'node:child_process';
import type { Timer } from '@millrace/core';
import { raiseOomScore, SOONER } from '../container/oom-score.ts';
import type { FromProcess } from '../ipc.ts';
import type { MemoryGuard } from './memory-guard.ts';

/** A worker process, and the processes below it, as memory is watched. To cancel forgets them all. */
export interface GuardedChild extends Timer {
  heard(message: FromProcess): void;
}

/** From now on the kernel takes this child before its parent, and the guard sees to what runs alone below it. */
export function guardChild(child: ChildProcess, guard: MemoryGuard): GuardedChild {
  const pid = child.pid ?? 0;
  raiseOomScore(pid, SOONER.worker);
  const own = guard.worker(pid);
  const alone = new Map<number, Timer>();

  function forget(one: number): void {
    alone.get(one)?.cancel();
    alone.delete(one);
  }

  function watch(one: number): void {
    forget(one);
    const tell = () => child.connected && child.send({ type: 'too-large', pid: one }, () => undefined);
    alone.set(one, guard.alone(one, tell));
  }

  return {
    heard(message) {
      if (message.type === 'alone') watch(message.pid);
      else if (message.type === 'alone-ended') forget(message.pid);
    },
    cancel() {
      own.cancel();
      for (const one of [...alone.keys()]) forget(one);
    },
  };
}
