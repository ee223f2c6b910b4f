import { Queue } from 'bullmq';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { demoParameters, expectedChecksum } from '../../local/src/demo/workload-plan.ts';
import { call } from '../support/http.ts';
import { configFile, launch, recorded, scratch } from '../support/launch.ts';
import { until } from '../support/queue.ts';
import { freePort } from '../support/store-setup.ts';

const JOBS = 8_000;

let dir: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ dir, remove } = await scratch());
});
afterEach(() => remove());

interface Worker {
  readonly id: string;
  readonly pid: number;
  readonly slot: number | null;
  readonly state: string;
}

const pidOf = async (name: (name: string) => boolean) =>
  (await recorded(dir)).find((each) => name(each.name))?.pid as number;

it('tells the truth whatever a stranger does meanwhile', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = await configFile(
    dir,
    `http: { port: ${port}, healthPort: 0 }\nsupervision: { healthPort: 0 }\nworker: { healthPort: 0 }\n`,
  );
  const demo = launch(['--demo', '--json', '--jobs', String(JOBS), '--dir', dir, '--config', config]);
  const queue = async () => (await call(url, 'GET', '/v1/queues/workload').catch(() => null))?.body;
  const finished = async () => demo.process.exitCode !== null;
  const ended = async (jobs: number) =>
    until(
      async () => (await finished()) || (await queue())?.counts.completed >= jobs,
      `${jobs} are done`,
      60_000,
    );

  await demo.says('Running');
  const store = /redis:\/\/127\.0\.0\.1:(\d+)/.exec(demo.stderr())?.[1];
  // A stock client of the same queue: it trims the event stream, and it hands in a job of its own.
  const stranger = new Queue('workload', { connection: { host: '127.0.0.1', port: Number(store) } });
  stranger.on('error', () => undefined);
  await stranger.add('workload', { seed: 42, id: 0 });

  await ended(200);
  const { workers } = (await call(url, 'GET', '/v1/workers')).body as { workers: Worker[] };
  const frozen =
    workers.find((worker) => worker.slot === 2) ?? workers.find((worker) => worker.slot !== null);
  process.kill(frozen?.pid as number, 'SIGSTOP');
  await ended(600);
  process.kill(await pidOf((name) => name.startsWith('pod-')), 'SIGKILL');
  await ended(800);
  process.kill(await pidOf((name) => name === 'store'), 'SIGKILL');
  await demo.says('store ended (SIGKILL)');
  await demo.says('worker pod');
  process.kill(await pidOf((name) => name === 'producer'), 'SIGKILL');
  process.kill(await pidOf((name) => name === 'supervisor'), 'SIGKILL');

  const code = await demo.exit();
  await stranger.close();
  expect(code, demo.stderr()).toBe(0);
  const report = JSON.parse(demo.stdout().trimEnd().split('\n').at(-1) ?? '');
  const checksum = expectedChecksum(demoParameters({ jobs: JOBS, seed: 42 }));
  expect(report).toMatchObject({ jobs: JOBS, checksum, lost: 0, duplicateCommits: 0, kills: 3 });
  expect(report.maxDepth).toBeLessThanOrEqual(256);
  expect(report.returned).toBeGreaterThan(0);
  expect(demo.stderr()).toContain('others’ jobs');
}, 180_000);
