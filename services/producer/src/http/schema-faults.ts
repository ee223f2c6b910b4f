import { didYouMean, type Fault, MillraceError } from '@millrace/core';
import type { z } from 'zod';

interface Def {
  readonly innerType?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly in?: z.ZodType;
}

function defOf(schema: z.ZodType | undefined): Def | undefined {
  let def = schema?.def as Def | undefined;
  for (let inner = def?.innerType ?? def?.in; inner; inner = def?.innerType ?? def?.in) {
    def = inner.def as Def;
  }
  return def;
}

function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let node: z.ZodType | undefined = schema;
  for (const step of path) {
    const def = defOf(node);
    node = def?.shape?.[String(step)] ?? def?.element;
  }
  return Object.keys(defOf(node)?.shape ?? {});
}

/** A path of keys → a JSON Pointer (RFC 6901). */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** What zod found, as pointers below `base`, with a suggestion for a misspelt key. */
export function faultsOf(error: z.ZodError, schema: z.ZodType, base = ''): Fault[] {
  return error.issues.flatMap((issue): Fault[] => {
    const pointer = `${base}${pointerOf(issue.path)}`;
    if (issue.code !== 'unrecognized_keys') return [{ pointer, message: issue.message }];
    return issue.keys.map((key) => ({
      pointer: `${pointer}${pointerOf([key])}`,
      message: `unknown key${didYouMean(key, keysAt(schema, issue.path))}`,
    }));
  });
}

/** Faults beyond these are counted, not listed. */
export const FAULTS_LISTED = 100;

/** `invalid_data` that says in a sentence what the first fault is, and lists them. */
export function invalidData(faults: readonly Fault[]): MillraceError {
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return new MillraceError('invalid_data', `${first?.pointer || 'the body'}: ${first?.message}${more}`, {
    details: { faults: faults.slice(0, FAULTS_LISTED) },
  });
}

/** The parsed value. Throws `invalid_data`. */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidData(faultsOf(parsed.error, schema));
}
