import { compileConfig } from '@millrace/core';
import { expect, test } from 'vitest';
import { kubernetesPod } from './kubernetes-pod.ts';

const podOf = (env: Record<string, string>) => kubernetesPod(compileConfig(env, null).kubernetes);

test('a pod of Kubernetes tells its name, uid and node, as the downward API has them', () => {
  const env = {
    MILLRACE_POD_NAME: 'm-worker-default-7f-abc',
    MILLRACE_POD_UID: 'c0ffee',
    MILLRACE_NODE_NAME: 'n1',
  };
  expect(podOf(env)).toEqual({ name: 'm-worker-default-7f-abc', uid: 'c0ffee', node: 'n1' });
});

test('the node may be unknown; without a name or a uid there is no pod', () => {
  expect(podOf({ MILLRACE_POD_NAME: 'p', MILLRACE_POD_UID: 'u' })).toEqual({
    name: 'p',
    uid: 'u',
    node: null,
  });
  expect(podOf({ MILLRACE_POD_NAME: 'p', MILLRACE_POD_UID: '' })).toBeNull();
  expect(podOf({})).toBeNull();
});
