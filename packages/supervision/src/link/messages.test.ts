import { expect, test } from 'vitest';
import { helloSchema } from './messages.ts';

const pod = {
  ...{ type: 'hello', version: 1, kind: 'pod', id: 'pod.1', pool: 'default', pid: 1, host: 'h' },
  ...{ startedAtMs: 1, children: [], mac: '' },
};

test('a pod says what Kubernetes calls it; one that is older, or elsewhere, says nothing', () => {
  const k8s = { name: 'm-worker-default-7f-abc', uid: 'c0ffee', node: null };
  expect(helloSchema.parse({ ...pod, k8s })).toMatchObject({ k8s });
  expect(helloSchema.parse(pod)).toMatchObject({ k8s: null });
});
