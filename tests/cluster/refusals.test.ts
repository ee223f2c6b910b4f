import { expect, test } from 'vitest';
import { find } from './support/kubernetes.ts';
import { CHART } from './support/release.ts';
import { run } from './support/shell.ts';

const NAMESPACE = 'millrace-refused';

test.each([
  { what: 'a typo', set: ['producer.replicaz=3'], says: /replicaz/ },
  {
    what: 'HPA and KEDA together',
    set: [
      'workerPools.default.autoscaling.hpa.enabled=true',
      'workerPools.default.autoscaling.keda.enabled=true',
    ],
    says: /hpa.*keda|keda.*hpa/i,
  },
  {
    what: 'a drain longer than the grace',
    set: ['config.drain.timeoutMs=300000'],
    says: /drain.*grace|grace.*drain/is,
  },
  { what: 'two stores', set: ['store.external.url=redis://elsewhere:6379'], says: /evaluation/ },
  { what: 'the tag latest in production', set: ['profile=production', 'image.tag=latest'], says: /latest/ },
])('helm install refuses $what by name, and creates nothing', async ({ set, says }) => {
  const values = set.flatMap((value) => ['--set', value]);
  const said = await run([
    'helm',
    'install',
    'refused',
    CHART,
    '-n',
    NAMESPACE,
    '--create-namespace',
    ...values,
  ]);
  expect(said.code).not.toBe(0);
  expect(said.stderr).toMatch(says);
  expect(await find('namespace', NAMESPACE, 'default')).toBeNull();
});
