import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Clock, type Log, messageOf, type Outcome } from '@millrace/core';
import { moduleUrl } from '../ipc.ts';
import { openMemoryGroup } from '../pod/memory-group.ts';
import { createOutOfMemory } from '../pod/out-of-memory.ts';
import { openAutopsy } from './child-autopsy.ts';
import type { Lane, LaneRun } from './lane.ts';
import { converse, type FromRemote, outcomeFromWire, type RemoteTask, type WireOutcome } from './remote.ts';
import type { Verdict } from './verdict.ts';

/** From the job's own process: its last word is the outcome. */
type FromIsolated = FromRemote | { readonly type: 'outcome'; readonly outcome: WireOutcome };

/** A machine that has no process to give is asked again only after this. */
const NO_PROCESS_MS = 1_000;

export interface IsolatedLaneOptions {
  /** Where the outputs of the handlers go. */
  readonly output: NodeJS.WritableStream;
  readonly verdict: Verdict;
  readonly clock: Clock;
  readonly log: Log;
}

async function forkForJob(): Promise<ChildProcess> {
  // The fifth stdio is the lifeline, as between a pod and its processes: no job outlives its worker.
  const child = fork(fileURLToPath(moduleUrl(import.meta.url, '../isolated/main.ts')), [], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
  });
  child.stdio[4]?.on('error', () => undefined);
  // Without a pid the child never was: its error follows.
  if (child.pid === undefined) await once(child, 'spawn');
  // A failed send or kill is an `error` too; the exit tells more.
  child.on('error', () => undefined);
  return child;
}

/**
 * Each run in a child process of its own, for handlers that may crash natively: what they take down is their own
 * job and nobody else's. An abandoned run is killed.
 */
export function createIsolatedLane({ output, verdict, clock, log }: IsolatedLaneOptions): Lane {
  const outOfMemory = createOutOfMemory(openMemoryGroup());

  function runIn(child: ChildProcess, run: LaneRun): Promise<Outcome> {
    const autopsy = openAutopsy(child, { output, outOfMemory, clock });
    const send = (message: object) => child.connected && child.send(message, () => undefined);
    const conversation = converse(run, send);
    const kill = () => void child.kill('SIGKILL');
    if (run.abandon.aborted) kill();
    run.abandon.addEventListener('abort', kill, { once: true });
    return new Promise<Outcome>((resolve) => {
      let isDecided = false;
      child.on('message', (message: FromIsolated) => {
        autopsy.look();
        if (message.type !== 'outcome') return conversation.receive(message);
        isDecided = true;
        resolve(outcomeFromWire(message.outcome));
      });
      child.on('exit', async (code, signal) => {
        if (run.abandon.aborted) return resolve(killedByUs(run));
        const death = await autopsy.death(code, signal);
        // Its outcome may be read after its exit.
        if (isDecided) return;
        resolve(verdict(run, { ...death, memoryLimitBytes: conversation.heapLimitBytes }));
      });
      send({ file: run.handler.file, job: run.job, data: run.data } satisfies RemoteTask);
    }).finally(() => {
      autopsy.end();
      conversation.end();
      run.abandon.removeEventListener('abort', kill);
    });
  }

  function killedByUs({ abandon, job, handler }: LaneRun): Outcome {
    log.warn({ job: job.id, queue: job.queue, handler: handler.name }, 'An isolated handler was killed');
    return { kind: 'fail', error: abandon.reason, retry: true };
  }

  /** Nothing was tried, so nothing counts: the job goes back, but not at once to the same end. */
  async function unbegun({ abandon }: LaneRun, error: unknown): Promise<Outcome> {
    log.error({ error: messageOf(error) }, 'The machine has no process for an isolated handler');
    await clock.sleep(NO_PROCESS_MS, abandon).catch(() => undefined);
    return { kind: 'returned', reason: `no process could be started for it: ${messageOf(error)}` };
  }

  return {
    async run(run) {
      let child: ChildProcess;
      try {
        child = await forkForJob();
      } catch (error) {
        return unbegun(run, error);
      }
      return runIn(child, run);
    },
  };
}
