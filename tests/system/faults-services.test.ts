import { test, vi } from 'vitest';
import { expectSurvived, faultCalled, useRig } from '../support/chaos.ts';

vi.setConfig({ testTimeout: 180_000 });

// Producer and supervisor, killed at the worst moment, and clocks that jump.
const rig = useRig();

test.each(['producer-kill', 'supervisor-kill', 'clock-supervisor', 'clock-producer'])(
  '%s: nothing lost, nothing twice, only the deaths that happened',
  async (name) => {
    await expectSurvived(rig(), faultCalled(name));
  },
);
