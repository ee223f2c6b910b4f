import { type Fault, messageOf } from '@millrace/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { DefinedHandler } from './handler.ts';

/** What a check of data against a schema came to. */
export type Checked<Value = unknown> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly faults: readonly Fault[] };

type Path = StandardSchemaV1.Issue['path'];

/** A Standard Schema path → a JSON Pointer (RFC 6901); the whole document is the empty string. */
export function pointerOf(path: Path): string {
  const keys = (path ?? []).map((segment) => (typeof segment === 'object' ? segment.key : segment));
  return keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/**
 * Checks `value` against any Standard Schema. Never rejects: a schema that throws has not passed the value,
 * so that is a fault of the whole document.
 */
export async function check<Schema extends StandardSchemaV1>(
  schema: Schema,
  value: unknown,
): Promise<Checked<StandardSchemaV1.InferOutput<Schema>>> {
  try {
    const result = await schema['~standard'].validate(value);
    if (result.issues === undefined) return { ok: true, value: result.value as never };
    return {
      ok: false,
      faults: result.issues.map(({ path, message }) => ({ pointer: pointerOf(path), message })),
    };
  } catch (error) {
    return { ok: false, faults: [{ pointer: '', message: `the schema itself failed: ${messageOf(error)}` }] };
  }
}

/** Checks a job's data as its handler wants it. A handler without `input` takes anything. Never rejects. */
export async function checkData({ input }: Pick<DefinedHandler, 'input'>, data: unknown): Promise<Checked> {
  return input ? check(input, data) : { ok: true, value: data };
}
