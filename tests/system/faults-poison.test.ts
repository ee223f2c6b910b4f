import { systemClock } from '@millrace/core';
import type { Fault } from '@millrace/local';
import { offer } from '@millrace/local';
import { describe, expect, test, vi } from 'vitest';
import { expectSurvived, faultCalled, useRig } from '../support/chaos.ts';

vi.setConfig({ testTimeout: 180_000 });

/** The poison job comes right among 1,000 good ones. */
const amongAThousand: Fault = {
  ...faultCalled('poison'),
  async strike(target) {
    const good = Array.from({ length: 1_000 }, () => ({ times: 0 }));
    await offer(target, 'sleeps', good);
    await faultCalled('poison').strike(target);
  },
};

describe('with quarantine', () => {
  const rig = useRig();
  test('a poison job among 1,000 good ones kills one worker and is dead-lettered with evidence', async () => {
    const { deaths } = await expectSurvived(rig(), amongAThousand);
    expect(deaths).toMatchObject([{ cause: 'crash', blame: 'jobs' }]);
    const target = rig().target({
      clock: systemClock,
      signal: AbortSignal.timeout(20_000),
      onHarm: () => undefined,
    });
    const path = '/v1/queues/chaos/dead-letters';
    const { deadLetters } = await target.api.must<{ deadLetters: readonly Record<string, unknown>[] }>({
      method: 'GET',
      path,
    });
    expect(deadLetters).toMatchObject([{ name: 'poison', reason: 'poison' }]);
    expect(deadLetters[0]?.kills).toHaveLength(3);
  });
});
