import { test, vi } from 'vitest';
import { expectSurvived, faultCalled, useRig } from '../support/chaos.ts';

vi.setConfig({ testTimeout: 180_000 });

// Processes that die.
const rig = useRig();

test.each([
  'worker-kill',
  'pod-kill',
  'handler-throws',
  'handler-rejects',
  'native-crash',
  'native-crash-alone',
])('%s: nothing lost, nothing twice, only the deaths that happened', async (name) => {
  await expectSurvived(rig(), faultCalled(name));
});
