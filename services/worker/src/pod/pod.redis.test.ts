import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileConfig, newStartId, silentLog, systemClock } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { expect, test } from 'vitest';
import { until } from '../../../../tests/support/queue.ts';
import { testStore, uniquePrefix } from '../../../../tests/support/store.ts';
import { isAlive } from '../../../../tests/support/worker-pod.ts';
import { openMemoryGroup } from '../autopsy/memory-group.ts';
import { childSpawner } from './child-process.ts';
import { createDyingWatch } from './dying-watch.ts';
import { createPod } from './pod.ts';

const HANDLERS = fileURLToPath(new URL('../../../../tests/fixtures/handlers/worker', import.meta.url));

const yaml = (prefix: string) => `
redis: {prefix: ${prefix}}
worker: {processes: 1, standby: 0, healthPort: 0, cpuThreads: 1}
drain: {timeoutMs: 3000, noticeMs: 100}
log: {level: silent}
`;

test('keeps the lifecycle contract: after stop no process and no port of it is left', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-test-pod-'));
  const file = join(dir, 'config.yaml');
  const text = yaml(uniquePrefix());
  await writeFile(file, text);
  const settings = {
    MILLRACE_REDIS_URL: testStore().productUrl,
    MILLRACE_HANDLERS: HANDLERS,
    MILLRACE_SUPERVISORS: '127.0.0.1:1',
  };
  const env = { ...settings, MILLRACE_CONFIG: file };
  const pids = new Set<number>();
  const ends: number[] = [];
  const make = () => {
    const id = newStartId('pod');
    const dying = createDyingWatch(systemClock);
    const memory = openMemoryGroup();
    const outside = { output: process.stderr, dying, memory, clock: systemClock };
    const spawn = childSpawner({ pod: id, pool: 'default', env, nodeOptions: [], spans: null, ...outside });
    return createPod(
      compileConfig(settings, text),
      { id, pool: 'default', pid: process.pid, linkKey: null, k8s: null },
      {
        spawn(start, listeners) {
          const child = spawn(start, listeners);
          pids.add(child.pid);
          return child;
        },
        clock: systemClock,
        log: silentLog,
        spans: null,
        onReady: () => undefined,
        onEnd: (code) => ends.push(code),
        killSelf: () => undefined,
      },
    );
  };
  await lifecycleStress(make, async (pod) => {
    const serves = await fetch(`http://127.0.0.1:${pod.healthPort}/livez`).then(
      ({ status }) => status === 200,
      () => false,
    );
    return serves || pod.children.length > 0;
  });
  // A killed child is told as it begins to die; the kernel takes a while longer on a busy machine.
  await until(() => ![...pids].some(isAlive), 'every process is gone', 5_000);
  expect(new Set(ends)).toEqual(new Set([0]));
  await rm(dir, { recursive: true });
});
