import { getHeapStatistics } from 'node:v8';
import { type MessagePort, workerData } from 'node:worker_threads';
import { loadHandlerFile } from '@millrace/sdk';
import type { SpanRecord, TelemetrySettings } from '@millrace/telemetry';
import { UNTRACED } from '../telemetry/run-tracing.ts';
import type { ComputeCall } from './cpu-lane.ts';
import { currentRun } from './current-run.ts';
import type { JobFacts } from './lane.ts';
import type { RemoteTask, ToRemote, WireOutcome } from './remote.ts';
import { createRemoteRun } from './remote-run.ts';
import { markBegun, markStray } from './thread-death.ts';

// Loaded before the first job, which therefore does not wait for it. The process has loaded them without a fault.
/** What a thread is started with. */
export interface ThreadData {
  readonly files: readonly string[];
  readonly tracing: TelemetrySettings | null;
}

const { files, tracing: settings } = workerData as ThreadData;
/** Loaded where spans are made, and nowhere else. */
async function openTracing(from: TelemetrySettings) {
  const { openRemoteTracing } = await import('../telemetry/remote-tracing.ts');
  return openRemoteTracing(from);
}
const tracing = settings === null ? null : await openTracing(settings);
await Promise.all(files.map((file) => loadHandlerFile(file)));

let running: { readonly job: JobFacts; readonly mark: SharedArrayBuffer } | undefined;

// A thread waits between two runs without turning its event loop, so what one job leaves behind throws during the
// next. Emitted where the throw or exit came from; not at all when the heap is full.
process.on('exit', () => {
  const culprit = currentRun.getStore();
  if (running && culprit && culprit.job !== running.job) markStray(running.mark);
});

/** What the worker process sends for one run. */
export interface ThreadTask {
  readonly task: RemoteTask;
  readonly port: MessagePort;
  /** What it leaves behind should it die (thread-death.ts). */
  readonly mark: SharedArrayBuffer;
}

/** How one run ended; the spans come with it, for a message beside it may come later. */
export interface ThreadEnd {
  readonly outcome: WireOutcome;
  readonly spans: readonly SpanRecord[];
}

/** Runs one handler in this thread. Never rejects: a rejection means that the thread itself failed. */
export async function runTask({ task, port, mark }: ThreadTask): Promise<ThreadEnd> {
  const remote = createRemoteRun((message) => port.postMessage(message));
  port.on('message', (message: ToRemote) => remote.receive(message));
  running = { job: task.job, mark };
  markBegun(mark, getHeapStatistics().heap_size_limit);
  try {
    const run = () => currentRun.run({ job: task.job, tracing: UNTRACED }, () => remote.run(task));
    if (tracing === null || task.trace === null) return { outcome: await run(), spans: [] };
    const { result, spans } = await tracing.run(task.trace, run);
    return { outcome: result, spans };
  } finally {
    running = undefined;
    port.close();
  }
}

/** Runs one function of a handler's `compute` table in this thread. */
export async function runCompute({ file, fn, args }: ComputeCall): Promise<unknown> {
  const handler = await loadHandlerFile(file);
  return handler.compute?.[fn]?.(...args);
}
