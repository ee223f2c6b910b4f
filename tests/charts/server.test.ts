import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHART, has, missing } from './render.ts';

const run = promisify(execFile);
const isThere = process.env.KUBECONFIG !== undefined && has('kubectl') && has('helm');
const without = isThere ? '' : ' (skipped: needs KUBECONFIG, kubectl and helm)';
const NAMESPACE = `millrace-chart-${randomBytes(3).toString('hex')}`;
const LONG = { timeout: 240_000 };

const kubectl = async (...args: string[]) => (await run('kubectl', ['-n', NAMESPACE, ...args])).stdout;

beforeAll(() => {
  if (isThere) execFileSync('kubectl', ['create', 'namespace', NAMESPACE]);
});
afterAll(() => {
  if (isThere) execFileSync('kubectl', ['delete', 'namespace', NAMESPACE, '--wait=false']);
});

describe.skipIf(!isThere)(`the API server accepts every object of${without}`, () => {
  const examples = readdirSync(join(CHART, 'ci')).filter((file) => file.endsWith('.yaml'));
  test.each(examples)('%s', LONG, async (file) => {
    const { stdout } = await run(
      'sh',
      [
        '-c',
        'helm template m "$1" -n "$2" -f "$1/ci/$3" | kubectl -n "$2" apply --server-side --dry-run=server -f -',
        'sh',
        CHART,
        NAMESPACE,
        file,
      ],
      { maxBuffer: 2 ** 24 },
    );
    expect(stdout).toContain('deployment.apps/m-millrace-producer serverside-applied (server dry run)');
  });
});

/** Nothing of it runs: only what Helm and the API server make of the field matters. */
const IDLE = [
  '--set',
  'store.evaluation.enabled=false,store.external.url=redis://nowhere:6379,defaults.nodeSelector.nowhere=yes,worker.replicas=3',
];
const HPA = ['--set', 'worker.autoscaling.hpa.enabled=true,worker.autoscaling.hpa.maxReplicas=8'];

describe.skipIf(!isThere).each(['helm', 'helm3'])(
  `the number of a running pool, under %s${without}`,
  (helm) => {
    const release = `n-${helm}`;
    const deployment = `deployment/${release}-millrace-worker-default`;
    const upgrade = (...args: string[]) =>
      run(helm, ['upgrade', '--install', release, CHART, '-n', NAMESPACE, ...IDLE, ...args]);
    const number = async () => Number(await kubectl('get', deployment, '-o', 'jsonpath={.spec.replicas}'));

    test.skipIf(!has(helm))(`outlives kubectl scale${missing(helm)}`, LONG, async () => {
      await upgrade();
      expect(await number()).toBe(3);
      await kubectl('scale', deployment, '--replicas=5');
      await upgrade();
      expect(await number()).toBe(5);
      await run(helm, ['uninstall', release, '-n', NAMESPACE]);
    });

    test.skipIf(!has(helm))(`outlives the switch to an autoscaler${missing(helm)}`, LONG, async () => {
      await upgrade();
      await upgrade(...HPA);
      expect(await number(), 'the switch').toBe(3);
      await upgrade(...HPA);
      expect(await number(), 'the upgrade after it').toBe(3);
      await kubectl('scale', deployment, '--replicas=4');
      await upgrade(...HPA);
      expect(await number(), 'an upgrade after the autoscaler has scaled').toBe(4);
      await upgrade(...HPA);
      expect(await number(), 'and the next one').toBe(4);
      await run(helm, ['uninstall', release, '-n', NAMESPACE]);
    });
  },
);

describe.skipIf(!isThere)(`over an upgrade${without}`, () => {
  test('the tokens, the link key and the store’s password stay', LONG, async () => {
    const args = [
      'upgrade',
      '--install',
      's',
      CHART,
      '-n',
      NAMESPACE,
      '--set',
      'defaults.nodeSelector.nowhere=yes',
    ];
    const secrets = async () => {
      const names = ['s-millrace-auth', 's-millrace-token-hashes', 's-millrace-store'];
      return Promise.all(names.map((name) => kubectl('get', 'secret', name, '-o', 'jsonpath={.data}')));
    };
    await run('helm', args);
    const before = await secrets();
    await run('helm', [...args, '--reuse-values', '--set', 'config.queue.bound=77']);
    expect(await secrets()).toEqual(before);
    await run('helm', ['uninstall', 's', '-n', NAMESPACE]);
  });
});
