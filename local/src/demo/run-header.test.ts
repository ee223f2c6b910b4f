import { systemClock } from '@millrace/core';
import { expect, it } from 'vitest';
import type { Running } from '../launch/launcher.ts';
import type { DemoSettings } from '../options.ts';
import { describeRun } from './run-header.ts';

it('tells that the services run compiled', async () => {
  const running = { storeProgram: null, config: { durability: 'fsync' } } as unknown as Running;
  const settings = { jobs: 10, seed: 1, eventsFile: null } satisfies DemoSettings;
  const { build } = await describeRun('r1', settings, running, systemClock);
  expect(build).toEqual({ sources: 'TypeScript, compiled by rolldown', durability: 'fsync' });
});
