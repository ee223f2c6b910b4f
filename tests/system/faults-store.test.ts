import { test, vi } from 'vitest';
import { expectSurvived, faultCalled, useRig } from '../support/chaos.ts';

vi.setConfig({ testTimeout: 180_000 });

// A store that is away is weather: no worker dies of it.
const rig = useRig();

test.each(['store-kill', 'store-pause', 'store-full'])(
  '%s: nothing lost, nothing twice, only the deaths that happened',
  async (name) => {
    await expectSurvived(rig(), faultCalled(name));
  },
);
