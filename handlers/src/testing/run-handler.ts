import { type DefinedHandler, type HandlerContext, outcomeOf, outcomeOfThrown } from '@millrace/sdk';

/** What a test may say of the run; the rest is that of a first attempt in a quiet worker. */
export type RunOptions = Partial<Pick<HandlerContext, 'signal' | 'attempt' | 'compute'>>;

/** Checks `data` and runs the handler on it, as a worker does. `invalid` tells the paths of the faults. */
export async function runHandler(handler: DefinedHandler, data: unknown, options: RunOptions = {}) {
  const checked = await handler.input?.['~standard'].validate(data);
  if (checked?.issues) {
    return { kind: 'invalid', paths: checked.issues.map(({ path }) => path?.join('/')) } as const;
  }
  const context: HandlerContext = {
    id: '1',
    data: checked ? checked.value : data,
    signal: new AbortController().signal,
    attempt: 1,
    fence: 1,
    log: async () => undefined,
    progress: async () => undefined,
    compute: async (fn, args) => fn(...args) as never,
    ...options,
  };
  return handler.run(context).then(outcomeOf, outcomeOfThrown);
}
