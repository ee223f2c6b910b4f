import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Log, MillraceError, type Outcome } from '@millrace/core';
import { moduleUrl } from '../ipc.ts';
import { createTail } from '../pod/stderr-tail.ts';
import type { Lane, LaneRun } from './lane.ts';
import { converse, type FromRemote, outcomeFromWire, type RemoteTask, type WireOutcome } from './remote.ts';

/** From the job's own process: its last word is the outcome. */
type FromIsolated = FromRemote | { readonly type: 'outcome'; readonly outcome: WireOutcome };

function forkForJob(): ChildProcess {
  // The fifth stdio is the lifeline, as between a pod and its processes: no job outlives its worker.
  return fork(fileURLToPath(moduleUrl(import.meta.url, '../isolated/main.ts')), [], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
  });
}

/**
 * Each run in a child process of its own, for handlers that may crash natively: what they take down is their own
 * job and nobody else's. An abandoned run is killed.
 */
export function createIsolatedLane(output: NodeJS.WritableStream, log: Log): Lane {
  function runIn(child: ChildProcess, run: LaneRun): Promise<Outcome> {
    const tail = createTail();
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        tail.push(chunk);
        output.write(chunk);
      });
    }
    child.stdio[4]?.on('error', () => undefined);
    const send = (message: object) => child.connected && child.send(message, () => undefined);
    const conversation = converse(run, send);
    const kill = () => void child.kill('SIGKILL');
    run.abandon.addEventListener('abort', kill, { once: true });
    return new Promise<Outcome>((resolve) => {
      child.on('message', (message: FromIsolated) => {
        if (message.type === 'outcome') resolve(outcomeFromWire(message.outcome));
        else conversation.receive(message);
      });
      child.on(
        'error',
        (error) => child.pid === undefined && resolve(died(run, error.message, tail.lines())),
      );
      child.on('exit', (code, signal) => resolve(died(run, signal ?? `exit code ${code}`, tail.lines())));
      send({ file: run.handler.file, job: run.job, input: run.input } satisfies RemoteTask);
    }).finally(() => {
      conversation.end();
      run.abandon.removeEventListener('abort', kill);
    });
  }

  function died({ abandon, job, handler }: LaneRun, how: string, stderrTail: readonly string[]): Outcome {
    if (abandon.aborted) {
      log.warn({ job: job.id, queue: job.queue, handler: handler.name }, 'An isolated handler was killed');
      return { kind: 'fail', error: abandon.reason, retry: true };
    }
    const message = `The handler's own process ended (${how}) before it had an outcome.`;
    return {
      kind: 'fail',
      error: new MillraceError('job_crashed', message, { details: { stderrTail } }),
      retry: true,
    };
  }

  return { run: (run) => runIn(forkForJob(), run) };
}
