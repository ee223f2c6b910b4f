import { type Config, nodeOptionsOf } from '@millrace/core';

/** MiB of old space from which on young objects may have this much a semi-space; 16 is V8's own choice. */
const SEMI_SPACES = [
  { fromMib: 512, semiMib: 16 },
  { fromMib: 256, semiMib: 8 },
  { fromMib: 0, semiMib: 4 },
];

/**
 * Node's options for a worker process. The heap goes first: options that set it themselves are only there when nothing else
 * does. Young objects take three semi-spaces beside the old ones, out of the fifth that is left of a small container.
 */
export function childOptions({ worker }: Pick<Config, 'worker'>): string[] {
  const { maxOldSpace: old } = worker;
  if (old === null) return nodeOptionsOf(worker);
  const semi = SEMI_SPACES.find(({ fromMib }) => old >= fromMib)?.semiMib;
  return [`--max-old-space-size=${old}`, `--max-semi-space-size=${semi}`, ...nodeOptionsOf(worker)];
}
