import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@millrace/core';
import { afterEach, expect, test } from 'vitest';
import { fromKubeconfig, isInCluster, readCredentials, rotatingToken } from './credentials.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-token-'));
const file = join(folder, 'token');
afterEach(() => rmSync(file, { force: true }));

test('a token that is replaced is read again within a minute, and kept while it cannot be read', () => {
  const clock = new ManualClock();
  writeFileSync(file, 'one\n');
  const token = rotatingToken(file, clock);
  expect(token()).toBe('one');
  writeFileSync(file, 'two');
  clock.advance(59_999);
  expect(token()).toBe('one');
  clock.advance(1);
  expect(token()).toBe('two');
  rmSync(file);
  clock.advance(60_000);
  expect(token()).toBe('two');
});

test('a pod without a token is in no cluster as far as we are concerned', () => {
  expect(isInCluster({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, folder)).toBe(false);
  writeFileSync(file, 'one');
  expect(isInCluster({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, folder)).toBe(true);
  expect(isInCluster({}, folder)).toBe(false);
});

const kubeconfig = (user: string) => `
current-context: here
contexts: [{name: here, context: {cluster: c, user: u, namespace: ns}}]
clusters: [{name: c, cluster: {server: 'https://10.1.2.3:6443', certificate-authority-data: Y2E=}}]
users: [{name: u, user: ${user}}]
`;

test('a kubeconfig’s current context says where and as whom', () => {
  const found = fromKubeconfig(kubeconfig('{token: t}'), new ManualClock());
  expect([found.server.host, found.namespace, found.ca?.toString(), found.token()]).toEqual([
    ...['10.1.2.3:6443', 'ns', 'ca', 't'],
  ]);
  const byCertificate = fromKubeconfig(
    kubeconfig('{client-certificate-data: Y2VydA==, client-key-data: a2V5}'),
    new ManualClock(),
  );
  expect([byCertificate.cert?.toString(), byCertificate.key?.toString(), byCertificate.token()]).toEqual([
    ...['cert', 'key', null],
  ]);
});

test('what cannot be used is refused with a sentence that says what to do', () => {
  const clock = new ManualClock();
  expect(() => readCredentials({}, clock)).toThrow('let its service account mount a token');
  expect(() => fromKubeconfig('nonsense', clock)).toThrow('KUBECONFIG is not understood');
  expect(() => fromKubeconfig(kubeconfig('{}').replace('cluster: c,', 'cluster: d,'), clock)).toThrow(
    'no whole context "here"',
  );
});
