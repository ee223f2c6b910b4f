import { type MessagePort, workerData } from 'node:worker_threads';
import { loadHandlerFile } from '@millrace/sdk';
import type { ComputeCall } from './cpu-lane.ts';
import type { RemoteTask, ToRemote, WireOutcome } from './remote.ts';
import { createRemoteRun } from './remote-run.ts';

// Loaded before the first job, which therefore does not wait for it. The process has loaded them without a fault.
const { files } = workerData as { files: readonly string[] };
await Promise.all(files.map((file) => loadHandlerFile(file)));

/** Runs one handler in this thread. Never rejects: a rejection means that the thread itself failed. */
export async function runTask({ task, port }: { task: RemoteTask; port: MessagePort }): Promise<WireOutcome> {
  const remote = createRemoteRun((message) => port.postMessage(message));
  port.on('message', (message: ToRemote) => remote.receive(message));
  try {
    return await remote.run(task);
  } finally {
    port.close();
  }
}

/** Runs one function of a handler's `compute` table in this thread. */
export async function runCompute({ file, fn, args }: ComputeCall): Promise<unknown> {
  const handler = await loadHandlerFile(file);
  return handler.compute?.[fn]?.(...args);
}
