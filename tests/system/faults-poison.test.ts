import { type PoolStatus, systemClock } from '@millrace/core';
import { type ChaosTarget, type Fault, offer, until } from '@millrace/local';
import { describe, expect, test, vi } from 'vitest';
import type { Rig } from '../../bench/chaos/rig.ts';
import { expectSurvived, faultCalled, useRig } from '../support/chaos.ts';

vi.setConfig({ testTimeout: 180_000 });

/** A budget that a job which kills one worker after the other spends at once. */
const BUDGET = { intensity: 2, periodMs: '60s', backoffMs: 1, openMs: '60s' };
const ALWAYS = 1_000_000;

/** The poison job comes right among 1,000 good ones. */
const amongAThousand: Fault = {
  ...faultCalled('poison'),
  async strike(target) {
    const good = Array.from({ length: 1_000 }, () => ({ times: 0 }));
    await offer(target, 'sleeps', good);
    await faultCalled('poison').strike(target);
  },
};

function targetOf(rig: Rig): ChaosTarget {
  const signal = AbortSignal.timeout(120_000);
  return rig.target({ clock: systemClock, signal, onHarm: () => undefined });
}

async function pools({ api }: ChaosTarget): Promise<readonly PoolStatus[]> {
  return (await api.must<{ pools: readonly PoolStatus[] }>({ method: 'GET', path: '/v1/tree' })).pools;
}

describe('with quarantine', () => {
  const rig = useRig({ supervision: BUDGET });

  test('a poison job among 1,000 good ones kills one worker, and is dead-lettered with evidence', async () => {
    const { deaths } = await expectSurvived(rig(), amongAThousand);
    expect(deaths).toMatchObject([{ cause: 'crash', blame: 'jobs' }]);
    const target = targetOf(rig());
    const { letters } = await target.api.must<{ letters: readonly { kills: readonly unknown[] }[] }>({
      method: 'GET',
      path: '/v1/queues/chaos/dead-letters',
    });
    expect(letters).toMatchObject([{ name: 'poison', reason: 'poison' }]);
    expect(letters[0]?.kills).toMatchObject([
      { exitSignal: 'SIGSEGV', isolated: false },
      { exitSignal: 'SIGSEGV', isolated: true },
      { exitSignal: 'SIGSEGV', isolated: true },
    ]);
    expect(await pools(target)).toMatchObject([{ state: 'running', circuit: null }]);
  });
});

describe('with quarantine off', () => {
  const rig = useRig({ poison: { quarantine: false }, supervision: BUDGET });

  test('the same job takes one worker after the other, until the pool gives up', async () => {
    const target = targetOf(rig());
    await offer(target, 'poison', [{ times: ALWAYS }]);
    await until(target, 'the pool has given up', 90_000, async () =>
      (await pools(target)).some(({ state }) => state === 'open'),
    );
    const deaths = (await target.recoveries()).filter(
      ({ certificate }) => certificate.exitSignal === 'SIGSEGV',
    );
    expect(deaths.length).toBeGreaterThan(3);
    const { counts } = await target.api.must<{ counts: Record<string, number> }>({
      method: 'GET',
      path: '/v1/queues/chaos',
    });
    expect(counts.failed).toBe(0);
  });
});
