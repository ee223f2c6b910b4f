import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@millrace/core';
import { listenTo, type Output } from '../autopsy/child-output.ts';
import type { MemoryGroup } from '../autopsy/memory-group.ts';
import { createOutOfMemory, memoryLimitOf } from '../autopsy/out-of-memory.ts';
import type { FromProcess, ToProcess } from '../ipc.ts';
import { moduleUrl } from '../ipc.ts';
import type { ChildVitals, DyingWatch } from './dying-watch.ts';
import { guardChild } from './guarded-child.ts';
import { createMemoryGuard } from './memory-guard.ts';
import type { SpanIntake } from './span-intake.ts';

/** How a child ended. Sizes are bytes, null where nobody knows. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Last lines of its outputs, oldest first. */
  readonly lastLines: readonly string[];
  /** We killed it. */
  readonly ordered: boolean;
  readonly outOfMemory: boolean;
  readonly peakRssBytes: number | null;
  readonly memoryLimitBytes: number | null;
}

/** A forked worker process, as the pod supervisor sees it. Sending to or killing a dead one does nothing. */
export interface ChildProcessHandle {
  readonly pid: number;
  send(message: ToProcess): void;
  kill(): void;
  /** What is seen of it from outside; null when it is gone or nothing can be seen. */
  vitals(): ChildVitals | null;
}

export interface ChildListeners {
  readonly onMessage: (message: FromProcess) => void;
  /** Called once, also when the fork itself failed. */
  readonly onExit: (exit: ChildExit) => void;
}

/** Forks a worker process under the start id `id`. */
export type SpawnChild = (id: string, listeners: ChildListeners) => ChildProcessHandle;

export interface SpawnerOptions {
  readonly pod: string;
  readonly pool: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where the children's outputs go. */
  readonly output: Output;
  readonly dying: DyingWatch;
  readonly memory: MemoryGroup;
  /** Node's own options for the children. */
  readonly nodeOptions: readonly string[];
  /** Takes the children's spans; null without telemetry. */
  readonly spans: Pick<SpanIntake, 'open'> | null;
  readonly clock: Clock;
}

/**
 * What a killed process has to give back before anybody hears of its death is kept small: V8 keeps four helper threads
 * otherwise. Nor does one help with young objects: waking it cost a draining worker 6 % of a processor.
 */
const SMALL = ['--v8-pool-size=1', '--no-parallel-scavenge'];
/** An exit may be told before the last lines are; a grandchild that holds the pipes open must not hold us. */
const LAST_LINES_MS = 20;

/**
 * Forks src/process/main.ts. Both its outputs go to `output`, for stdout belongs to what a command answers.
 * The fifth stdio is the lifeline: a socket whose other end only we hold, so that its end means our death.
 */
export function childSpawner(options: SpawnerOptions): SpawnChild {
  const { pod, pool, env, output, dying, memory, nodeOptions, spans, clock } = options;
  const entry = fileURLToPath(moduleUrl(import.meta.url, '../process/main.ts'));
  const execArgv = [...process.execArgv, ...SMALL, ...nodeOptions];
  const outOfMemory = createOutOfMemory(memory);
  const guard = createMemoryGuard(memory, clock);
  // The command line wins over the environment: what stands last counts.
  const allOptions = [...(env.NODE_OPTIONS?.split(/\s+/) ?? []), ...execArgv];

  return (id, { onMessage, onExit }) => {
    const source = spans?.open();
    const child = fork(entry, ['--pod', pod, '--pool', pool, '--start', id], {
      ...{ env, execArgv, stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe', ...(source?.stdio ?? [])] },
    });
    const { tail, heap } = listenTo(child, output, clock);
    const jobs = child.pid === undefined ? undefined : guardChild(child, guard);
    // The lifeline is never written; its reset at a child's death is no news beside the exit.
    child.stdio[4]?.on('error', () => undefined);
    source?.hear(child);
    let ended = false;
    let killedByUs = false;

    function end(code: number | null, signal: string | null): void {
      if (ended) return;
      ended = true;
      watch?.cancel();
      jobs?.cancel();
      const ending = { code, signal, killedByUs, heapReported: heap.seen };
      const peakRssBytes = watch?.peakRssBytes ?? null;
      onExit({
        ...{ code, signal, peakRssBytes, lastLines: tail.lines() },
        memoryLimitBytes: memoryLimitOf(memory, allOptions, heap.seen),
        ordered: killedByUs && signal === 'SIGKILL',
        outOfMemory: outOfMemory.explains({ ...ending, peakRssBytes }, clock.monotonicMs()),
      });
    }

    /** Who was killed had no last words; of anybody else the pipes may still hold them. */
    function onEnded(code: number | null, signal: string | null): void {
      const timer = clock.after(signal === 'SIGKILL' ? 0 : LAST_LINES_MS, () => end(code, signal));
      child.once('close', () => {
        timer.cancel();
        end(code, signal);
      });
    }

    const watch = child.pid === undefined ? undefined : dying.add(child.pid, () => end(null, 'SIGKILL'));
    child.on('message', (message: FromProcess) => {
      if (message.type === 'memory-kill') outOfMemory.claimed(clock.monotonicMs());
      jobs?.heard(message);
      onMessage(message);
    });
    child.on('exit', onEnded);
    child.on('error', (error) => {
      // A failed kill or send also ends up here: only a child that never ran has no pid.
      tail.push(`${error.message}\n`);
      if (child.pid === undefined) end(null, null);
    });
    return {
      pid: child.pid ?? 0,
      send(message) {
        if (child.connected) child.send(message, () => undefined);
      },
      kill() {
        killedByUs = true;
        child.kill('SIGKILL');
      },
      vitals() {
        outOfMemory.look(clock.monotonicMs());
        return watch?.vitals() ?? null;
      },
    };
  };
}
