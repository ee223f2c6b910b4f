import { expect, test } from 'vitest';
import { createOutOfMemory, type Ending, memoryLimitOf } from './out-of-memory.ts';

const MIB = 1024 * 1024;
const ending = (over: Partial<Ending> = {}): Ending => ({
  ...{ code: null, signal: 'SIGKILL', heapReported: false, killedByUs: false, peakRssBytes: 50 * MIB },
  ...over,
});

/** A group whose kills and limit a test moves. */
const unused = { usedBytes: () => null, heldBytes: () => null };

function group(start: { kills: number | null; limit?: number | null }) {
  const now = { limit: null, ...start };
  return { now, limitBytes: () => now.limit ?? null, oomKills: () => now.kills, ...unused };
}

test.each([
  [{ signal: 'SIGABRT' }, true],
  [{ signal: 'SIGTRAP' }, true],
  [{ signal: null, code: 134 }, true],
  // A handler may print V8's words and then fail in its own way.
  [{ signal: null, code: 1 }, false],
  [{ signal: 'SIGKILL' }, false],
])('V8’s report of a full heap, and the end was %j: %s', (over, expected) => {
  const judge = createOutOfMemory(group({ kills: 0 }));
  expect(judge.explains(ending({ heapReported: true, ...over }), 0)).toBe(expected);
  expect(judge.explains(ending(over), 0)).toBe(false);
});

test('SIGKILL beside a rise of the kernel’s count, and one kill explains one end', () => {
  const memory = group({ kills: 3 });
  const judge = createOutOfMemory(memory);
  expect(judge.explains(ending(), 0)).toBe(false);
  memory.now.kills = 4;
  judge.look(100);
  expect(judge.explains(ending({ killedByUs: true }), 110)).toBe(false);
  expect(judge.explains(ending({ signal: 'SIGSEGV' }), 110)).toBe(false);
  expect(judge.explains(ending(), 110)).toBe(true);
  expect(judge.explains(ending(), 120)).toBe(false);
});

test('another’s report of a full heap hides no kill of the kernel’s', () => {
  const memory = group({ kills: 0 });
  const judge = createOutOfMemory(memory);
  memory.now.kills = 1;
  expect(judge.explains(ending({ heapReported: true }), 10)).toBe(true);
});

test('a kill that a worker has claimed for its child explains no end of the pod’s', () => {
  const memory = group({ kills: 0 });
  const pods = createOutOfMemory(memory);
  const workers = createOutOfMemory(memory, () => pods.claimed(5));
  memory.now.kills = 1;
  expect(workers.explains(ending(), 5)).toBe(true);
  expect(pods.explains(ending(), 10)).toBe(false);
  memory.now.kills = 2;
  expect(pods.explains(ending(), 20)).toBe(true);
});

test('an old rise was somebody else’s: a job’s own process, an hour ago', () => {
  const memory = group({ kills: 0 });
  const judge = createOutOfMemory(memory);
  memory.now.kills = 1;
  judge.look(100);
  judge.look(3_600_000);
  expect(judge.explains(ending(), 3_600_001)).toBe(false);
});

test('where nobody counts, the limit being used up speaks', () => {
  const judge = createOutOfMemory(group({ kills: null, limit: 100 * MIB }));
  expect(judge.explains(ending({ peakRssBytes: 97 * MIB }), 0)).toBe(true);
  expect(judge.explains(ending({ peakRssBytes: 60 * MIB }), 0)).toBe(false);
  expect(judge.explains(ending({ peakRssBytes: null }), 0)).toBe(false);
  const counted = createOutOfMemory(group({ kills: 0, limit: 100 * MIB }));
  expect(counted.explains(ending({ peakRssBytes: 97 * MIB }), 0)).toBe(false);
});

test('the limit is Node’s for a full heap, the cgroup’s for all others', () => {
  const limited = group({ kills: 0, limit: 512 * MIB });
  const options = ['--max-old-space-size=64', '--inspect', '--max_old_space_size=256'];
  expect(memoryLimitOf(limited, options, true)).toBe(256 * MIB);
  expect(memoryLimitOf(limited, options, false)).toBe(512 * MIB);
  expect(memoryLimitOf(limited, ['--v8-pool-size=1'], true)).toBe(512 * MIB);
  expect(memoryLimitOf(group({ kills: 0 }), ['--max-heap-size=128'], false)).toBe(128 * MIB);
  expect(memoryLimitOf(group({ kills: 0 }), ['--v8-pool-size=1'], false)).toBeNull();
});
