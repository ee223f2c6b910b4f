import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { millraceUp, type RunningPlatform } from '../support/millrace-cli.ts';

vi.setConfig({ testTimeout: 60_000 });

let platform: RunningPlatform;
beforeAll(async () => {
  platform = await millraceUp('worker: { processes: 1, cpuThreads: 1, healthPort: 0 }\n');
}, 120_000);
afterAll(() => platform.remove(), 60_000);

const chaos = (...words: readonly string[]) =>
  platform.millrace(['--json', 'chaos', ...words, '--dir', join(platform.dir, 'data')]);

test('a worker of one’s own running platform is killed, and its recovery told', async () => {
  const { code, out } = await chaos('run', 'worker-kill', '--yes');
  expect(code).toBe(0);
  const { what, recoveries, faults } = JSON.parse(out);
  expect(what).toMatch(/^SIGKILL of worker/);
  expect(faults).toEqual([]);
  expect(recoveries).toMatchObject([
    { certificate: { cause: 'killed', exitSignal: 'SIGKILL' }, state: 'done' },
  ]);
});

test('the supervisor is killed with it, and its successor does what was left to do', async () => {
  const { code, out } = await chaos('run', 'supervisor-kill', '--yes');
  expect([code, JSON.parse(out).faults]).toEqual([0, []]);
  expect(JSON.parse(out).recoveries).toHaveLength(2);
});

test('a fault that the platform is not made for is refused before anything is done', async () => {
  const poison = await chaos('run', 'poison', '--yes');
  expect(poison.code).toBe(1);
  expect(JSON.parse(poison.out)).toMatchObject({ code: 'wrong_state' });
  const clock = await chaos('run', 'clock-worker', '--yes');
  expect(JSON.parse(clock.out)).toMatchObject({ code: 'wrong_state' });
  const row = await chaos('run', 'kills-in-a-row', '--yes');
  expect(JSON.parse(row.out)).toMatchObject({ code: 'wrong_state' });
});

test('the list tells which faults can be made here', async () => {
  const { faults } = JSON.parse((await chaos('list')).out);
  const refused = (faults as { name: string; unavailable: string | null }[])
    .filter(({ unavailable }) => unavailable !== null)
    .map(({ name }) => name);
  expect(refused).toEqual(expect.arrayContaining(['poison', 'link-reset', 'clock-worker', 'kills-in-a-row']));
  expect(refused).not.toContain('store-pause');
});

test('without a platform in the folder nothing is struck', async () => {
  const { code, out } = await platform.millrace([
    '--json',
    'chaos',
    'run',
    'worker-kill',
    '--yes',
    '--dir',
    platform.dir,
  ]);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ code: 'not_found' });
});
