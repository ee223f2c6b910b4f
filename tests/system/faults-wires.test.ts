import { test, vi } from 'vitest';
import { expectSurvived, faultCalled, useRig } from '../support/chaos.ts';

vi.setConfig({ testTimeout: 180_000 });

// Sockets that are reset, and networks that are silent.
const rig = useRig();

test.each([
  'store-reset',
  'link-reset',
  'store-wire-reset',
  'link-black-hole',
  'store-black-hole',
  'socket-storm',
])('%s: nothing lost, nothing twice, only the deaths that happened', async (name) => {
  await expectSurvived(rig(), faultCalled(name));
});
