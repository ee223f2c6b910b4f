import { expect, test } from 'vitest';
import { configFile, isRunning, launch, recorded, SMALL_CONFIG, scratch } from '../support/launch.ts';
import { until } from '../support/queue.ts';

test('npm start runs several supervisors: one is killed, and a worker’s death is recovered all the same', async () => {
  const folder = await scratch();
  const text = SMALL_CONFIG.replace(
    'supervision: { healthPort: 0 }',
    'supervision: { healthPort: 0, replicas: 2 }',
  );
  const launched = launch(['--dir', folder.dir, '--json', '--config', await configFile(folder.dir, text)]);
  try {
    const { url, pids, ports } = await launched.ready();
    const supervisors = Object.entries(pids).filter(([name]) => name.startsWith('supervisor'));
    expect(supervisors.map(([name, pid]) => [name, isRunning(pid)])).toEqual([
      ['supervisor', true],
      ['supervisor-2', true],
    ]);
    expect(ports['supervision.linkPort.2']).not.toBe(ports['supervision.linkPort']);
    const get = async <T>(path: string) => (await (await fetch(`${url}${path}`)).json()) as T;
    const workers = () => get<{ workers: { id: string; pid: number; state: string }[] }>('/v1/workers');
    await until(
      async () => (await workers()).workers.some(({ state }) => state === 'running'),
      'a worker runs',
      60_000,
    );
    const victim = (await workers()).workers.find(({ state }) => state === 'running');
    process.kill(pids.supervisor, 'SIGKILL');
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    const recovered = async () =>
      (await get<{ recoveries: { id: string; state: string }[] }>('/v1/recoveries')).recoveries;
    await until(
      async () => (await recovered()).some(({ id, state }) => id === victim?.id && state === 'done'),
      'it is recovered',
      60_000,
    );
    await launched.says('supervisor ended (SIGKILL)');
    await until(
      async () =>
        (await recorded(folder.dir)).filter(({ name }) => name.startsWith('supervisor')).length === 2,
      'there are two again',
      60_000,
    );
    launched.process.kill('SIGTERM');
    expect(await launched.exit()).toBe(0);
  } finally {
    launched.process.kill('SIGKILL');
    await folder.remove();
  }
}, 180_000);
