import { test, vi } from 'vitest';
import { expectSurvived, faultCalled, useRig } from '../support/chaos.ts';

vi.setConfig({ testTimeout: 180_000 });

// Heaps that run full, and a loop that is blocked.
const rig = useRig();

test.each(['handler-leaks', 'thread-leaks', 'handler-blocks'])(
  '%s: nothing lost, nothing twice, only the deaths that happened',
  async (name) => {
    await expectSurvived(rig(), faultCalled(name));
  },
);
