import type { Recovery } from '@millrace/core';
import { expect, it } from 'vitest';
import type { Fault } from './faults.ts';
import type { Orphan } from './orphans.ts';
import { slowestOf } from './phases.ts';

const fault = (worker: string, atMs: number): Fault => ({ worker, pid: 1, atMs, held: [] });
const orphan = (startedMs: number): Orphan => ({
  ...{ job: '1', worker: 'z', returnedMs: 1_012, takenMs: 1_015, startedMs, doneMs: startedMs + 5 },
});
const recovery = (worker: string) =>
  ({
    certificate: { worker },
    ...{ diedAtMs: 1_001, detectMs: 3, fenceMs: 9.26, reclaimMs: null },
  }) as unknown as Recovery;

it('the slowest recoveries come first, in ms since their own kill, and what held nothing is none', () => {
  const faults = [fault('a', 1_000), fault('b', 1_000), fault('c', 1_000)];
  const orphans = new Map([
    ['a', [orphan(1_020)]],
    ['b', [orphan(1_050), orphan(1_017)]],
  ]);
  const orphansOf = ({ worker }: Fault) => orphans.get(worker) ?? [];
  const told = slowestOf(faults, orphansOf, [recovery('b')], 2);
  expect(told).toEqual([
    {
      ...{ kill: 1, lastOrphanMs: 50, detectMs: 4, fenceMs: 10.3, reclaimMs: null },
      orphans: [
        [12, 15, 17],
        [12, 15, 50],
      ],
    },
    {
      ...{ kill: 0, lastOrphanMs: 20, detectMs: null, fenceMs: null, reclaimMs: null },
      orphans: [[12, 15, 20]],
    },
  ]);
  expect(slowestOf(faults, orphansOf, [], 1)).toHaveLength(1);
});
