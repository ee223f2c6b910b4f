import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ownStore } from '../support/own-store.ts';
import { until } from '../support/queue.ts';
import { serviceMain } from '../support/service-main.ts';
import { find, kubectl } from './support/kubernetes.ts';

const MAIN = await serviceMain('supervisor');
const namespace = `millrace-process-${randomBytes(3).toString('hex')}`;
beforeAll(() => kubectl('create', 'namespace', namespace));
afterAll(() => kubectl('delete', 'namespace', namespace, '--wait=false'));

test('a supervisor that is told to end leaves its lease to the next and is gone within seconds, with 0', async () => {
  const store = await ownStore();
  const config = {
    supervision: { cluster: 'kubernetes', linkPort: 0, healthPort: 0 },
    redis: { url: store.url },
  };
  const file = join(mkdtempSync(join(tmpdir(), 'millrace-supervisor-')), 'config.yaml');
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env.PATH,
      KUBECONFIG: process.env.KUBECONFIG,
      MILLRACE_CONFIG: file,
      MILLRACE_NAMESPACE: namespace,
      MILLRACE_RELEASE: 'p',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
    });
  }
  const lease = () => find('lease', 'p-supervisor', namespace);
  await until(
    async () => Boolean((await lease())?.spec.holderIdentity),
    'it acts on the cluster',
    30_000,
  ).catch((error) => {
    throw new Error(`${error.message}\n${said}`);
  });
  const startedMs = performance.now();
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code, said).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  expect((await lease()).spec.holderIdentity).toBe('');
  await store.close();
});
