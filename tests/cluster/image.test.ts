import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Api } from './support/api.ts';
import { commandLine, missing } from './support/commands.ts';
import { eventually, isReady, kubectl, list, type Manifest } from './support/kubernetes.ts';
import { install, releaseOf, remove } from './support/release.ts';
import { IMAGE, shared } from './support/release-setup.ts';
import { must, ROOT, run } from './support/shell.ts';

const MOST_BYTES = 350_000_000;
const release = shared();

const exec = (pod: Manifest, ...command: readonly string[]) =>
  kubectl('-n', pod.metadata.namespace, 'exec', pod.metadata.name, '--', ...command);
const podOf = (component: string): Promise<Manifest> =>
  eventually(
    `a ${component} is ready`,
    60_000,
    async () => (await release.pods(component)).find(isReady) ?? null,
  );

describe('the image', () => {
  test('is smaller than 350 MB on the nodes', async () => {
    const images: Manifest[] = (await list('node', 'default')).flatMap(({ status }) => status.images ?? []);
    const name = `${IMAGE.repository}:${IMAGE.tag}`;
    const sizes = images.filter(({ names }) => names?.some((one: string) => one.endsWith(name)));
    expect(sizes.length).toBeGreaterThan(0);
    for (const { sizeBytes } of sizes) expect(sizeBytes).toBeLessThan(MOST_BYTES);
  });

  test('holds no sources, no tests and no development dependencies', async () => {
    const pod = await podOf('producer');
    const find = `find /app -name '*.ts' -not -path '/app/node_modules/*' -o -name '*.test.js' -not -path '*/node_modules/*'`;
    expect(await exec(pod, 'sh', '-c', find)).toBe('');
    const modules = (await exec(pod, 'ls', '/app/node_modules')).split('\n');
    expect(modules).toContain('bullmq');
    for (const name of ['typescript', 'vitest', 'node', '@biomejs']) expect(modules).not.toContain(name);
  });

  test('runs as user 1000 on a root file system that it cannot write, and keeps compiled code in /tmp', async () => {
    for (const component of ['producer', 'supervisor', 'worker']) {
      const pod = await podOf(component);
      expect((await exec(pod, 'id', '-u')).trim()).toBe('1000');
      const touch = ['-n', release.namespace, 'exec', pod.metadata.name, '--', 'touch', '/app/x'];
      expect((await run(['kubectl', ...touch])).stderr).toContain('Read-only file system');
    }
    await eventually('there is compiled code', 30_000, async () =>
      (await exec(await podOf('worker'), 'ls', '/tmp/millrace/compiled')).includes('v24'),
    );
  });

  test('has the command line on its path', async () => {
    const pod = await podOf('producer');
    const token = await release.token('viewer');
    const said = await exec(pod, 'env', `MILLRACE_TOKEN=${token}`, 'millrace', 'status', '--json');
    expect(JSON.parse(said)).toBeTypeOf('object');
    expect(await exec(pod, 'millrace', '--help')).toContain('enqueue');
  });
});

describe('a worker pod in a container', () => {
  test('divides the memory limit, and its processes go before it when memory runs out', async () => {
    const look = `for p in /proc/[0-9]*; do
      echo "$(basename $p) $(cat $p/oom_score_adj) $(tr '\\0' ' ' < $p/cmdline)"; done`;
    const pod = (await release.pods('worker')).find(
      (one) => isReady(one) && one.metadata.labels['millrace.dev/pool'] === 'default',
    );
    const rows = (await exec(pod, 'sh', '-c', look))
      .split('\n')
      .map((line) => /^(\d+) (-?\d+) (.*)$/.exec(line));
    const own = rows.find((row) => row?.[1] === '1');
    const workers = rows.filter((row) => row?.[3]?.includes('worker/src/process/main.js'));
    expect(own?.[3]).toMatch(/^node .*worker\/src\/pod\/main\.js --pool default/);
    expect(workers).toHaveLength(2);
    for (const row of workers) {
      // 512 MiB for a process and a standby, less a fifth.
      expect(row?.[3]).toContain('--max-old-space-size=204');
      expect(Number(row?.[2])).toBeGreaterThan(Number(own?.[2]));
    }
  });

  afterAll(() => release.settled(150_000));

  test.each(['producer', 'supervisor', 'worker'])(
    'a %s that gets SIGTERM ends with code 0',
    async (component) => {
      const before = await podOf(component);
      await exec(before, 'sh', '-c', 'kill -TERM 1');
      const [{ restartCount }] = before.status.containerStatuses;
      const ended = await eventually('its container has ended', 60_000, async () => {
        const pods = await release.pods(component);
        const pod = pods.find(({ metadata }) => metadata.uid === before.metadata.uid);
        const [now] = pod?.status.containerStatuses ?? [];
        return now?.restartCount > restartCount ? now.lastState.terminated : (now?.state.terminated ?? null);
      });
      // Its reason is no evidence: on cgroup v1 it says OOMKilled once any process in it ever was.
      expect(ended.exitCode).toBe(0);
    },
  );
});

/** Code blocks of docs/image.md by the name in their first line. */
async function documented(): Promise<Map<string, string>> {
  const text = await readFile(join(ROOT, 'docs/image.md'), 'utf8');
  const blocks = [...text.matchAll(/^```\w+\n(?:#|\/\/) (\S+)\n(.*?)^```$/gms)];
  return new Map(blocks.map(([, name = '', code = '']) => [name, code]));
}

const SHOUT = `import { defineHandler } from '@millrace/sdk';
export default defineHandler({ queue: 'shouts', name: 'shout', run: ({ data }) => String(data).toUpperCase() });
`;

const why = missing('CLUSTER_BUILD');
describe.skipIf(why !== null)(`handlers of one’s own${why === null ? '' : `: ${why}`}`, () => {
  const own = releaseOf('h', 'millrace-image');
  let folder: string;
  let api: Api;

  async function file(name: string, text: string | undefined): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text ?? '');
    return path;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-image-'));
    const blocks = await documented();
    const base = `${IMAGE.repository}:${IMAGE.tag}`;
    await file('Dockerfile', blocks.get('Dockerfile')?.replace('millrace/millrace:dev', base));
    await file('greet.ts', blocks.get('greet.ts'));
    await must(commandLine('CLUSTER_BUILD', 'example/greeters:1', folder), undefined, 300_000);
    await remove(own);
    await kubectl('create', 'namespace', own.namespace);
    const shout = await file('shout.ts', SHOUT);
    await kubectl('-n', own.namespace, 'create', 'configmap', 'handlers', `--from-file=${shout}`);
    const values = [
      await file('image-values.yaml', blocks.get('image-values.yaml')),
      await file('mounted-values.yaml', blocks.get('mounted-values.yaml')),
    ].flatMap((path) => ['-f', path]);
    const one = [
      'producer.replicas=1',
      'supervisor.replicas=1',
      'workerPools.chaos.replicas=0',
      `image.tag=${IMAGE.tag}`,
    ];
    await install(own, [...values, ...one.flatMap((set) => ['--set', set])]);
    api = await own.api();
  }, 600_000);

  afterAll(async () => {
    api?.close();
    await remove(own);
    await rm(folder, { recursive: true });
  });

  test.each([
    ['in an image made from ours', 'greetings', 'greet', 'Hello, you'],
    ['in a mounted directory', 'shouts', 'shout', 'YOU'],
  ])('%s run', async (_, queue, name, result) => {
    const jobs = [{ name, data: 'you' }];
    const { body } = await eventually('the queue is known', 60_000, async () => {
      const answer = await api.call('POST', `/v1/queues/${queue}/jobs`, { jobs });
      return answer.status === 202 && answer;
    });
    const job = await eventually('it has ended', 60_000, async () => {
      const answer = await api.call('GET', `/v1/queues/${queue}/jobs/${body.ids[0]}`);
      return answer.body?.state === 'completed' && answer.body;
    });
    expect(job.result).toBe(result);
  });
});
