import {
  type DeathCertificate,
  ManualClock,
  MillraceError,
  type Recovery,
  silentLog,
  systemClock,
} from '@millrace/core';
import type { Board, DeadStart, QueueSupervision } from '@millrace/queue';
import { expect, test } from 'vitest';
import { until } from '../../../../tests/support/queue.ts';
import { beginRecovery } from './record.ts';
import { createRecoverer } from './recoverer.ts';
import type { RecoveryTraces } from './traces/recovery-traces.ts';

const certificate = (over: Partial<DeathCertificate> = {}): DeathCertificate => ({
  ...{ worker: 'pool-1.a', pod: 'pool-1', pid: 1, slot: 0, cause: 'crash', exitCode: 1, exitSignal: null },
  ...{ diedAtMs: systemClock.nowMs(), certifiedAtMs: systemClock.nowMs(), evidence: [] },
  ...{ blame: 'jobs', lastLines: [], peakRssBytes: null, memoryLimitBytes: null, beats: [] },
  ...over,
});

/** A store that records calls, in order, and fails as often as it is told to. */
function faultyStore(
  failures: Partial<Record<'fence' | 'reclaim' | 'restarts' | 'save', number>> = {},
  pausedBy: ManualClock | null = null,
) {
  const calls: string[] = [];
  const saved: Recovery[] = [];
  const left = { ...failures };
  const pass = (what: keyof typeof failures, name: string) => {
    calls.push(name);
    if ((left[what] ?? 0) === 0) return;
    left[what] = (left[what] ?? 0) - 1;
    throw new MillraceError('store_unavailable', 'The store does not answer.');
  };
  const supervision = {
    fence: async (queue: string) => pass('fence', `fence ${queue}`),
    reclaim: async (queue: string) => {
      pass('reclaim', `reclaim ${queue}`);
      return queue === 'full'
        ? { jobIds: ['1', '2'], eventsAfter: '5-0' }
        : { jobIds: [], eventsAfter: '0-0' };
    },
    restarts: async (queue: string, ids: readonly string[], after: string, signal: AbortSignal) => {
      pass('restarts', `restarts ${queue} ${after}`);
      if (pausedBy)
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(new Map())));
      return new Map(ids.map((id) => [id, systemClock.nowMs()]));
    },
    blame: async (queue: string, { certificate: { cause } }: DeadStart, ids: readonly string[]) => {
      calls.push(`blame ${queue} ${cause} ${ids}`);
      return ids.length;
    },
  } as unknown as QueueSupervision;
  const board = {
    saveRecovery: async (recovery: Recovery) => {
      pass('save', `save ${recovery.state}`);
      saved.push(recovery);
    },
    recoveries: async () => saved.slice(-1),
  } as unknown as Board;
  const traces: RecoveryTraces = {
    reclaimed: ({ orphans }) => void calls.push(`trace reclaimed ${Object.keys(orphans)}`),
    async ended(_, restarts) {
      await Promise.resolve();
      calls.push(`trace ended ${[...(restarts.get('full')?.keys() ?? [])]}`);
    },
    respawned: ({ id }) => void calls.push(`trace respawned ${id}`),
    stop: async () => undefined,
  };
  let reclaimed = 0;
  const recovered: string[] = [];
  const recoverer = createRecoverer({
    ...{ store: { supervision, board }, clock: pausedBy ?? systemClock, log: silentLog },
    onReclaimed: (jobs) => {
      reclaimed += jobs;
    },
    onRecovered: ({ worker }) => recovered.push(worker),
    traces,
  });
  return { recoverer, calls, saved, recovered, reclaimed: () => reclaimed };
}

const queues = async () => ['full', 'empty'];

test('every queue is fenced before it is reclaimed, and only then restarts are looked for', async () => {
  const { recoverer, calls, saved, reclaimed } = faultyStore();
  await recoverer.recover(certificate(), queues);
  const steps = calls.filter((call) => !/^(save|trace)/.test(call));
  expect(steps).toEqual(['fence full', 'fence empty', 'reclaim full', 'reclaim empty', 'restarts full 5-0']);
  expect(saved.at(-1)).toMatchObject({ state: 'done', orphans: { full: ['1', '2'] } });
  expect(reclaimed()).toBe(2);
});

test('spans are begun when every orphan is back, and the record says that it is over behind its trace', async () => {
  const { recoverer, calls } = faultyStore();
  await recoverer.recover(certificate(), queues);
  const after = calls.slice(calls.indexOf('reclaim empty') + 1);
  expect(after.filter((call) => call !== 'save running')).toEqual([
    ...['trace reclaimed full', 'restarts full 5-0', 'trace ended 1,2', 'save done'],
  ]);
});

test('orphans that wait in a paused queue are waited for, not for ever: then their recovery is told of as it is', async () => {
  const clock = new ManualClock();
  const { recoverer, calls, saved } = faultyStore({}, clock);
  const over = recoverer.recover(certificate(), queues);
  await until(() => calls.includes('restarts full 5-0'), 'they are waited for');
  clock.advance(599_000);
  expect(calls.filter((call) => call.startsWith('trace ended'))).toEqual([]);
  clock.advance(1_000);
  await over;
  expect(calls).toContain('trace ended ');
  expect(saved.at(-1)).toMatchObject({ state: 'done', lastOrphanMs: null });
});

test('the store away delays every phase and spoils none', async () => {
  const { recoverer, saved } = faultyStore({ fence: 2, reclaim: 1, restarts: 2, save: 1 });
  await recoverer.recover(certificate(), queues);
  expect(saved.at(-1)).toMatchObject({ state: 'done', orphans: { full: ['1', '2'] } });
});

test('a planned end without orphans leaves no record', async () => {
  const { recoverer, saved, calls } = faultyStore();
  await recoverer.recover(certificate({ cause: 'shutdown' }), async () => ['empty']);
  expect(saved).toEqual([]);
  expect(calls).toContain('reclaim empty');
});

test('what another supervisor began is finished with its own figures', async () => {
  const { recoverer, saved, calls } = faultyStore();
  const begun: Recovery = {
    ...{ id: 'pool-1.a', certificate: certificate({ diedAtMs: 1_000.5 }), diedAtMs: 1_000.5, detectMs: 1 },
    ...{ fenceMs: 2, reclaimMs: 3, respawnMs: 4, firstOrphanMs: null, lastOrphanMs: null },
    ...{ orphans: { empty: ['9'] }, state: 'running' },
  };
  await recoverer.resume(begun, async () => ['empty']);
  expect(saved.at(-1)).toMatchObject({ fenceMs: 2, reclaimMs: 3, respawnMs: 4, orphans: { empty: ['9'] } });
  expect(calls).toContain('restarts empty 1000-0');
});

test('its pod is told once every orphan runs again', async () => {
  const { recoverer, recovered } = faultyStore({ restarts: 1 });
  const work = recoverer.recover(certificate(), queues);
  expect(recovered).toEqual([]);
  await work;
  await recoverer.recover(certificate({ worker: 'pool-1.b' }), async () => ['empty']);
  expect(recovered).toEqual(['pool-1.a', 'pool-1.b']);
});

test('two who ask for the same recovery get one', async () => {
  const { recoverer, calls } = faultyStore();
  await Promise.all([recoverer.recover(certificate(), queues), recoverer.recover(certificate(), queues)]);
  expect(calls.filter((call) => call === 'fence full')).toHaveLength(1);
});

test('a respawn is noted in the slot’s own recovery, also after its end; a lost pod’s by its pool', async () => {
  const { recoverer, saved } = faultyStore();
  await recoverer.recover(certificate(), queues);
  await recoverer.recover(certificate({ worker: 'pool-2.b', pod: 'pool-2', cause: 'pod-lost' }), queues);
  const at = systemClock.nowMs() + 10;
  const joined = (pod: string, slot = 0) => recoverer.respawned({ pod, slot, atMs: at, podStartedAtMs: at });
  joined('pool-1', 3);
  joined('other-9');
  expect(saved.filter(({ respawnMs }) => respawnMs !== null)).toEqual([]);
  joined('pool-1');
  joined('pool-3');
  await recoverer.stop();
  expect(
    saved
      .filter(({ respawnMs }) => respawnMs !== null)
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(['pool-1.a', 'pool-2.b']);
});

test('a stop leaves what is running to the next, and does not wait for the store', async () => {
  const { recoverer, saved } = faultyStore({ fence: Number.POSITIVE_INFINITY });
  const work = recoverer.recover(certificate(), queues);
  await recoverer.stop();
  await work;
  expect(saved.every(({ state }) => state === 'running')).toBe(true);
});

test('tells whether it came to its end, also whoever asks while it runs', async () => {
  const { recoverer } = faultyStore();
  const work = recoverer.recover(certificate(), queues);
  expect(await Promise.all([work, recoverer.recover(certificate(), queues)])).toEqual([true, true]);
  const begun = beginRecovery(certificate({ worker: 'pool-1.b' }));
  const unreadable = { ...begun, orphans: null as unknown as Recovery['orphans'] };
  expect(await recoverer.resume(unreadable, queues)).toBe(false);
});

const told = { kind: 'pod-terminated', atMs: 1, detail: 'OOMKilled' } as const;
const blames = (calls: readonly string[]) => calls.filter((call) => call.startsWith('blame'));

test('what becomes known later is on the record, and orphans are blamed that were not', async () => {
  const { recoverer, calls, saved } = faultyStore();
  const lost = certificate({ cause: 'pod-lost', blame: 'none' });
  const recovery = recoverer.recover(lost, queues);
  // Before it is known who the orphans are.
  await recoverer.amend({ ...lost, cause: 'oom', blame: 'jobs', evidence: [told] });
  await recovery;
  expect(blames(calls)).toEqual(['blame full oom 1,2']);
  expect(calls.indexOf('reclaim full')).toBeLessThan(calls.indexOf('blame full oom 1,2'));
  expect(saved.some(({ certificate: { evidence } }) => evidence[0]?.kind === 'pod-terminated')).toBe(true);
});

test('a reason that blames nobody is only written down, also when the recovery is over', async () => {
  const { recoverer, calls, saved } = faultyStore();
  const lost = certificate({ cause: 'pod-lost', blame: 'none' });
  await recoverer.recover(lost, queues);
  await recoverer.amend({ ...lost, evidence: [told] });
  await recoverer.stop();
  expect(blames(calls)).toEqual([]);
  expect(saved.at(-1)).toMatchObject({ state: 'done', certificate: { evidence: [told] } });
});

test('a planned end without orphans gets no record by it either', async () => {
  const { recoverer, saved } = faultyStore();
  const ended = certificate({ cause: 'shutdown' });
  const recovery = recoverer.recover(ended, async () => ['empty']);
  await recoverer.amend({ ...ended, evidence: [told] });
  await recovery;
  expect(saved).toEqual([]);
});
