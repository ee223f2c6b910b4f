import type { ChildProcess } from 'node:child_process';
import { type Clock, type Log, messageOf, type Outcome } from '@millrace/core';
import { openMemoryGroup } from '../autopsy/memory-group.ts';
import { createOutOfMemory } from '../autopsy/out-of-memory.ts';
import { raiseOomScore, SOONER } from '../container/oom-score.ts';
import type { AloneReport } from './alone-report.ts';
import { openAutopsy } from './child-autopsy.ts';
import { type ChildEnd, forkForJob, hearChild } from './job-child.ts';
import type { Lane, LaneRun } from './lane.ts';
import { converse, type IsolatedTask } from './remote.ts';
import { type SilenceLimits, watchSilence } from './silence.ts';
import type { Verdict } from './verdict.ts';

/** A machine that has no process to give is asked again only after this. */
const NO_PROCESS_MS = 1_000;

export interface IsolatedLaneOptions {
  /** Where the outputs of the handlers go. */
  readonly output: NodeJS.WritableStream;
  readonly verdict: Verdict;
  /** Of the event loop of a child whose handler is of the io lane. */
  readonly silence: SilenceLimits;
  readonly alone: AloneReport;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is said of a death that was ours, and its own doing. */
const hung = ({ limitMs }: SilenceLimits) => ({
  cause: 'hung' as const,
  message: `The handler's own process did not come back to its event loop for ${limitMs} ms, and was killed.`,
});

/** And of one that the pod supervisor killed before the kernel would have. */
const tooLarge = (memoryLimitBytes: number | null) => ({
  cause: 'oom' as const,
  memoryLimitBytes,
  message:
    'The container’s memory was nearly full, the most of it held by the handler’s own process: it was killed.',
});

/**
 * Each run in a child process of its own, for handlers that may crash natively: what they take down is their own
 * job and nobody else's. An abandoned run is killed, and so is one of the io lane whose event loop stands still for as
 * long as a worker's may: it took down its process. A handler of the cpu lane may compute there for as long as its
 * timeout lets it, as in its thread: a long computation and an endless one look the same.
 */
export function createIsolatedLane(options: IsolatedLaneOptions): Lane {
  const { output, verdict, silence: limits, alone, clock, log } = options;
  const memory = openMemoryGroup();
  const outOfMemory = createOutOfMemory(memory, alone.memoryKill);

  function runIn(child: ChildProcess, run: LaneRun): Promise<Outcome> {
    const pid = child.pid ?? 0;
    const autopsy = openAutopsy(child, { output, outOfMemory, clock });
    const send = (message: object) => child.connected && child.send(message, () => undefined);
    const conversation = converse(run, send);
    const kill = () => void child.kill('SIGKILL');
    const silence = run.handler.lane === 'io' ? watchSilence(limits, clock, kill) : null;
    if (run.abandon.aborted) kill();
    run.abandon.addEventListener('abort', kill, { once: true });
    const last = hearChild(child, clock, (message) => {
      autopsy.look();
      silence?.heard();
      if (message.type !== 'beat') conversation.receive(message);
    });

    async function outcomeOfEnd({ code, signal }: ChildEnd): Promise<Outcome> {
      const isHung = silence?.isOver === true;
      if (run.abandon.aborted && !isHung) return killedByUs(run);
      const death = await autopsy.death(code, signal, isHung);
      // It may be read after the exit.
      if (last.outcome) return last.outcome;
      // Of what the kernel ended for memory, the heap was not full.
      const isKernels = death.cause === 'oom' && signal === 'SIGKILL';
      const memoryLimitBytes = (isKernels ? memory.limitBytes() : null) ?? conversation.heapLimitBytes;
      if (alone.wasTooLarge(pid)) return verdict(run, { ...death, ...tooLarge(memory.limitBytes()) });
      const how = isHung ? hung(limits) : {};
      return verdict(run, { ...death, ...how, memoryLimitBytes });
    }

    raiseOomScore(pid, SOONER.job);
    alone.began(pid);
    run.alone();
    const { file } = run.handler;
    const trace = run.tracing.context();
    send({ file, job: run.job, data: run.data, trace, beatMs: limits.beatMs } satisfies IsolatedTask);
    return Promise.race([last.told, last.ended.then(outcomeOfEnd)]).finally(() => {
      alone.ended(pid);
      autopsy.end();
      conversation.end();
      silence?.end();
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
