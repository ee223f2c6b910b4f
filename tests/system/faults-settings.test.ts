import { describe, expect, test, vi } from 'vitest';
import { massDeath } from '../../bench/chaos/mass-death.ts';
import { expectSurvived, faultCalled, useRig } from '../support/chaos.ts';

vi.setConfig({ testTimeout: 240_000 });

// Each on a platform with the settings that it asks for.
for (const name of ['worker-freeze', 'supervisors-away', 'clock-worker']) {
  describe(name, () => {
    const fault = faultCalled(name);
    const rig = useRig(fault.settings);
    test(fault.summary, async () => {
      await expectSurvived(rig(), fault);
    });
  });
}

describe('kills-in-a-row', () => {
  const fault = faultCalled('kills-in-a-row');
  const rig = useRig(fault.settings);
  test('the budget is spent, the pool opens its circuit, and heals by itself', async () => {
    const { figures } = await expectSurvived(rig(), fault);
    expect(figures.circuitsOpened).toBe(1);
    expect(figures.kills).toBeLessThan(20);
  });
});

describe('mass-death', () => {
  const rig = useRig();
  // A quarter of the bench's: the store's own tests hold the whole to its limits.
  test('50 workers with 20 jobs each die at once: every one is certified, every job runs again', async () => {
    const { figures } = await expectSurvived(rig(), massDeath(rig().platform, { starts: 50, jobsEach: 20 }));
    expect(figures.orphans).toBe(1_000);
  });
});
