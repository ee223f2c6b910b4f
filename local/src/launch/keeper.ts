import { type Clock, type Lifecycle, lifecycle, MillraceError, messageOf } from '@millrace/core';
import { restartDelayMs } from './backoff.ts';
import { type Child, type ChildExit, describeExit, endChild } from './child.ts';

/** A process that must always run: how to start it, and when it serves. */
export interface KeptProcess {
  readonly name: string;
  spawn(): Promise<Child>;
  /** Resolves when it serves; rejects when `signal` aborts (its process ended). */
  untilReady(child: Child, signal: AbortSignal): Promise<void>;
  /** How long it may take to end. */
  readonly graceMs: number;
}

/** What a keeper needs of its surroundings. */
export interface KeeperDependencies {
  readonly clock: Clock;
  /** One line for the person at the terminal. */
  readonly note: (line: string) => void;
  readonly onSpawn: (child: Child) => Promise<void>;
  readonly onExit: (child: Child) => void;
}

/** Keeps one process running, and says in one line when it had to. */
export interface Keeper extends Lifecycle {
  /** The process that runs now, or null between two. */
  current(): Child | null;
}

const seconds = (ms: number) => `${Math.round(ms / 10) / 100} s`;

async function becomesReady(kept: KeptProcess, child: Child): Promise<ChildExit | null> {
  const ended = new AbortController();
  const exit = child.exited.then((how) => {
    ended.abort(new Error(`${kept.name} ended`));
    return how;
  });
  const ready = kept.untilReady(child, ended.signal).then(() => null);
  return Promise.race([ready.catch(() => exit), exit]);
}

/** Of a defect's stack only the error itself is for people. */
function headline(words: readonly string[]): string {
  return words.findLast((line) => /^\w*Error\b.*:/.test(line)) ?? words.slice(-12).join('\n');
}

/** The sentence for a process that ended before it ever served: its own last word, if it said one. */
async function failedStart(name: string, child: Child, exit: ChildExit): Promise<MillraceError> {
  const said = headline(await child.lastWords(60));
  const how = `${name} did not start (${describeExit(exit)})`;
  return new MillraceError('start_failed', said === '' ? how : `${how}: ${said}`);
}

/**
 * Starts `kept` and starts it again whenever it dies, later after each further death. The first start rejects
 * with the process's own sentence when it fails; later ones are repeated for as long as it takes.
 */
export function keep(kept: KeptProcess, dependencies: KeeperDependencies): Keeper {
  const { clock, note } = dependencies;
  const stopping = new AbortController();
  const exitsMs: number[] = [];
  let current: Child | null = null;
  let watching: Promise<void> = Promise.resolve();

  const spawn = async (): Promise<Child> => {
    const child = await kept.spawn();
    current = child;
    child.exited.then(() => {
      if (current === child) current = null;
      dependencies.onExit(child);
    });
    try {
      await dependencies.onSpawn(child);
    } catch (error) {
      // Whoever starts it again must not find two of it.
      child.killGroup();
      await child.exited;
      throw error;
    }
    return child;
  };

  const restart = async (): Promise<Child | null> => {
    const delayMs = restartDelayMs(exitsMs, clock.monotonicMs());
    await clock.sleep(delayMs, stopping.signal).catch(() => undefined);
    if (stopping.signal.aborted) return null;
    return spawn().catch((error) => {
      note(`${kept.name} could not be started again: ${messageOf(error)}`);
      exitsMs.push(clock.monotonicMs());
      return restart();
    });
  };

  const watch = async (first: Child) => {
    for (let child: Child | null = first; child !== null; ) {
      const exit: ChildExit = await child.exited;
      if (stopping.signal.aborted) return;
      exitsMs.splice(0, exitsMs.length - 20);
      exitsMs.push(clock.monotonicMs());
      const words = exit.signal === null ? await child.lastWords(1) : [];
      const delay = seconds(restartDelayMs(exitsMs, clock.monotonicMs()));
      note([`${kept.name} ended (${describeExit(exit)}); it starts again in ${delay}`, ...words].join(': '));
      child = await restart();
    }
  };

  const start = async () => {
    const child = await spawn();
    const exit = await becomesReady(kept, child);
    if (exit !== null) throw await failedStart(kept.name, child, exit);
    watching = watch(child);
  };

  const stop = async () => {
    stopping.abort();
    if (current) await endChild(current, kept.graceMs, clock);
    await watching;
    // A restart that was under way when we began to stop.
    if (current) await endChild(current, kept.graceMs, clock);
  };

  return { ...lifecycle(start, stop), current: () => current };
}
