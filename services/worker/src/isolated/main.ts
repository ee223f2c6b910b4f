import { systemClock } from '@millrace/core';
import type { HandlerContext } from '@millrace/telemetry';
import type { IsolatedTask, RemoteTask, ToRemote } from '../lanes/remote.ts';
import { createRemoteRun } from '../lanes/remote-run.ts';
import { tieToParent } from '../process/watchdog.ts';

// The process of one job (`isolation: 'process'`, quarantine): the first message is the task, the last one sent its
// outcome, and beats in between show that the event loop turns. Whatever else ends this process is the job's doing.
tieToParent();
const send = (message: object, then?: () => void) => void process.send?.(message, undefined, {}, then);
const remote = createRemoteRun((message) => send(message));
// Ctrl-C reaches the whole terminal, and a service manager's SIGTERM every process of the service; the worker process
// decides what becomes of this job.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);

/** The handler's own spans are told before its outcome. */
async function traced(job: RemoteTask, trace: HandlerContext) {
  // Loaded for these alone: every job here waits for what its process loads.
  const { openOwnTracing } = await import('../telemetry/remote-tracing.ts');
  const tracing = await openOwnTracing(process.env);
  const { result, spans } = await tracing.run(trace, () => remote.run(job));
  send({ type: 'spans', spans });
  return result;
}

process.once('message', async (task) => {
  process.on('message', (message) => remote.receive(message as ToRemote));
  const { beatMs, ...job } = task as IsolatedTask;
  systemClock.every(beatMs, () => send({ type: 'beat' }));
  const outcome = job.trace === null ? await remote.run(job) : await traced(job, job.trace);
  send({ type: 'outcome', outcome }, () => process.exit(0));
});
