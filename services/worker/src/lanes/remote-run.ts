import { getHeapStatistics } from 'node:v8';
import { loadHandlerFile } from '@millrace/sdk';
import { computeName } from './compute-name.ts';
import {
  errorFromWire,
  type FromRemote,
  outcomeToWire,
  type RemoteTask,
  type ToRemote,
  type WireOutcome,
} from './remote.ts';
import { runHandler } from './run-handler.ts';

/** The far half of a run: in a thread, or in a process of its own. */
export interface RemoteRun {
  /** Never rejects. */
  run(task: RemoteTask): Promise<WireOutcome>;
  receive(message: ToRemote): void;
}

/** `post` reaches the worker process's `converse`. */
export function createRemoteRun(post: (message: FromRemote) => void): RemoteRun {
  const abort = new AbortController();
  const unanswered = new Map<number, PromiseWithResolvers<void>>();
  let calls = 0;

  function call(type: 'progress' | 'log', value: unknown): Promise<void> {
    const answer = Promise.withResolvers<void>();
    calls += 1;
    unanswered.set(calls, answer);
    // A call that nobody awaits may fail unheard: that must not take down a thread.
    answer.promise.catch(() => undefined);
    post({ type, call: calls, value });
    return answer.promise;
  }

  return {
    async run({ file, job, data }) {
      try {
        const handler = await loadHandlerFile(file);
        post({ type: 'started', heapLimitBytes: getHeapStatistics().heap_size_limit });
        const outcome = await runHandler(handler, data, {
          id: job.id,
          signal: abort.signal,
          attempt: job.attempt,
          fence: job.fence,
          log: (line) => call('log', line),
          progress: (value) => call('progress', value),
          // Nobody else's event loop can be blocked from here: the function runs where it is called.
          compute: async (fn, args) => (handler.compute?.[computeName(handler, fn)] ?? fn)(...args) as never,
        });
        return outcomeToWire(outcome);
      } catch (error) {
        return outcomeToWire({ kind: 'fail', error: error as Error, retry: true });
      }
    },
    receive(message) {
      if (message.type === 'abort') return void abort.abort(errorFromWire(message.reason));
      const answer = unanswered.get(message.call);
      unanswered.delete(message.call);
      if (message.error === null) answer?.resolve();
      else answer?.reject(errorFromWire(message.error));
    },
  };
}
