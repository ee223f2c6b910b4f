import { type Config, nodeOptionsOf } from '@millrace/core';

/**
 * MiB of a semi-space; young objects have three. V8 itself would give them up to 64 each: what a killed process has to give
 * back, and more than a small container has beside its old space.
 */
function semiSpaceMib(oldSpaceMib: number | null, isLimited: boolean): number {
  // Without a figure, somebody has set the heap himself, and a limited container has room for nothing more.
  if (oldSpaceMib === null) return isLimited ? 4 : 16;
  if (oldSpaceMib >= 512) return 16;
  return oldSpaceMib >= 256 ? 8 : 4;
}

/**
 * Node's options for a worker process; `isLimited`: its container has a memory limit. The heap goes first: options that set it
 * themselves are only there when nothing else does, and of two for young objects the last counts.
 */
export function childOptions({ worker }: Pick<Config, 'worker'>, isLimited: boolean): string[] {
  const { maxOldSpace: old } = worker;
  return [
    ...(old === null ? [] : [`--max-old-space-size=${old}`]),
    `--max-semi-space-size=${semiSpaceMib(old, isLimited)}`,
    ...nodeOptionsOf(worker),
  ];
}
