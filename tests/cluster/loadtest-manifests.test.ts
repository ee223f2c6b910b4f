import { expect, test } from 'vitest';
import { shared } from './support/release-setup.ts';
import { must, run } from './support/shell.ts';

const release = shared();
const isAsKind = (await run(['kubectl', 'get', 'crd', 'testruns.k6.io'])).code === 0;
if (!isAsKind)
  console.warn('the cluster has no kind TestRun (k6-operator): its manifest is not checked here');

const manifest = (...words: readonly string[]) =>
  must([process.execPath, 'loadtests/run.mjs', 'manifest', ...words, '--release', release.name]);
const offer = (yaml: string) =>
  run(
    ['kubectl', '-n', release.namespace, 'apply', '--dry-run=server', '--validate=strict', '-f', '-'],
    yaml,
  );

test('the API server takes the Job of a load test', async () => {
  const { code, stdout, stderr } = await offer(await manifest('average'));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('job.batch/millrace-load-average');
});

test.skipIf(!isAsKind)('and the TestRun, where the k6-operator has brought its kind', async () => {
  const yaml = await manifest('stress', '--as', 'testrun', '--parallelism', '3');
  expect(await offer(yaml)).toMatchObject({ code: 0, stderr: '' });
  const wrong = await offer(yaml.replace('parallelism: 3', 'parallelism: three'));
  expect(wrong.stderr).toContain('spec.parallelism');
});
