import { didYouMean, durationMsSchema, type Fault, MillraceError, queueNameSchema } from '@millrace/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { z } from 'zod';
import type {
  ComputeFunction,
  ComputeTable,
  DefinedHandler,
  HandlerContext,
  HandlerDefinition,
} from './handler.ts';
import { pointerOf } from './schema-faults.ts';

const DAY_MS = 86_400_000;

// Registered, so that a handler made by another copy of this package is known too.
const HANDLER = Symbol.for('millrace.handler');

const isFunction = (value: unknown) => typeof value === 'function';

function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  const props = (value as Partial<StandardSchemaV1> | null | undefined)?.['~standard'];
  return props?.version === 1 && isFunction(props.validate);
}

const definitionSchema = z.strictObject({
  queue: queueNameSchema,
  name: z.string().min(1).max(128),
  lane: z.enum(['io', 'cpu']).default('io'),
  input: z
    .custom<StandardSchemaV1>(isStandardSchema, 'must be a Standard Schema (zod, valibot, arktype, …)')
    .optional(),
  concurrency: z.int().min(1).max(10_000).optional(),
  timeout: durationMsSchema
    .pipe(
      z
        .int()
        .min(1)
        .max(7 * DAY_MS),
    )
    .optional(),
  retry: z
    .strictObject({
      attempts: z.int().min(1).max(100),
      backoff: z.enum(['fixed', 'exponential']).default('exponential'),
      base: durationMsSchema.pipe(z.int().max(DAY_MS)).prefault('1s'),
      jitter: z.number().min(0).max(1).default(0),
    })
    .optional(),
  isolation: z.enum(['none', 'process']).default('none'),
  compute: z
    .record(z.string().min(1), z.custom<ComputeFunction>(isFunction, 'must be a function'))
    .optional(),
  run: z.custom<(context: HandlerContext) => unknown>(isFunction, 'must be a function'),
});

const KNOWN = {
  '': Object.keys(definitionSchema.shape),
  '/retry': ['attempts', 'backoff', 'base', 'jitter'],
};

function faultsOf(issues: readonly z.core.$ZodIssue[]): Fault[] {
  return issues.flatMap((issue) => {
    const pointer = pointerOf(issue.path);
    if (issue.code !== 'unrecognized_keys') return [{ pointer, message: issue.message }];
    const known = KNOWN[pointer as keyof typeof KNOWN] ?? [];
    return issue.keys.map((key) => ({
      pointer: `${pointer}${pointerOf([key])}`,
      message: `unknown key${didYouMean(key, known)}`,
    }));
  });
}

function complete(definition: z.output<typeof definitionSchema>): DefinedHandler {
  const { queue, name, lane, input, retry, isolation, compute, run } = definition;
  return {
    queue,
    name,
    lane,
    ...(input && { input }),
    concurrency: definition.concurrency ?? null,
    timeoutMs: definition.timeout ?? null,
    retry: retry
      ? { attempts: retry.attempts, backoff: retry.backoff, baseMs: retry.base, jitter: retry.jitter }
      : null,
    isolation,
    compute: compute ?? null,
    run: async (context) => run(context),
  };
}

/**
 * Makes a handler; a handler file's default export. Throws `handlers_invalid`, which names everything that is
 * wrong with the definition at once. Has no other effect, so a file may be imported any number of times.
 */
export function defineHandler<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Table extends ComputeTable = Record<never, never>,
>(definition: HandlerDefinition<Schema, Table>): DefinedHandler {
  const parsed = definitionSchema.safeParse(definition);
  if (!parsed.success) {
    const faults = faultsOf(parsed.error.issues);
    const list = faults.map(({ pointer, message }) => `${pointer || '/'}: ${message}`).join('; ');
    throw new MillraceError('handlers_invalid', `The handler's definition is not valid: ${list}`, {
      details: { faults },
    });
  }
  return Object.freeze(Object.assign(complete(parsed.data), { [HANDLER]: true }));
}

/** True for what `defineHandler` made. */
export function isHandler(value: unknown): value is DefinedHandler {
  return typeof value === 'object' && value !== null && HANDLER in value;
}
