import { PassThrough } from 'node:stream';
import { systemClock } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { expect, it } from 'vitest';
import type { Host } from '../../local/src/host.ts';
import { createLauncher, type Launcher } from '../../local/src/launch/launcher.ts';
import { isRunning, recorded, SMALL_CONFIG, scratch } from '../support/launch.ts';

it('the whole platform keeps the contract of everything that lives long', async () => {
  const host = {
    env: { PATH: process.env.PATH },
    nodeFile: process.execPath,
    pid: process.pid,
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    clock: systemClock,
  } as unknown as Host;
  const folders = new Map<Launcher, Awaited<ReturnType<typeof scratch>>>();
  const configText = `${SMALL_CONFIG}\npools: { default: { pods: 0 } }\n`;
  await lifecycleStress(
    async () => {
      const folder = await scratch();
      const settings = { dir: folder.dir, configText, imposed: {} };
      const launcher = createLauncher(host, settings, new PassThrough().resume());
      folders.set(launcher, folder);
      return launcher;
    },
    async (launcher) => {
      const entries = await recorded(folders.get(launcher)?.dir ?? '').catch(() => []);
      return entries.some((entry) => isRunning(entry.pid));
    },
  );
  expect(folders.size).toBeGreaterThan(3);
  for (const folder of folders.values()) await folder.remove();
}, 120_000);
