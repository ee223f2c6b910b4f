import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Config,
  compileConfig,
  type QueueDemand,
  queuesOfPool,
  scalePool,
  slotsPerPod,
} from '@millrace/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CHART, has, type Manifest, missing, ofKind, render } from './render.ts';

const MIB = 2 ** 20;
/** A node that reads a file which is not about it. */
const NODE = { cores: 16, memoryBytes: null };
const CI = readdirSync(join(CHART, 'ci')).filter((file) => file.endsWith('.yaml'));
const valuesOf = (file: string) => parse(readFileSync(join(CHART, 'ci', file), 'utf8')) as object;

const configOf = (manifests: readonly Manifest[], name: string, machine = NODE as Machine): Config =>
  compileConfig(
    {},
    ofKind(manifests, 'ConfigMap').get(`m-millrace-${name}-config`)?.data['config.yaml'],
    machine,
  );

interface Machine {
  readonly cores: number;
  readonly memoryBytes: number | null;
}

const coresOf = (cpu: string) => (cpu.endsWith('m') ? Number.parseInt(cpu, 10) / 1_000 : Number(cpu));
const mebibytesOf = (memory: string) => Number.parseInt(memory, 10) * (memory.endsWith('Gi') ? 1_024 : 1);

/** What the pool's container finds when it starts. */
function machineOf(manifests: readonly Manifest[], pool: string): Machine {
  const { spec } = ofKind(manifests, 'Deployment').get(`m-millrace-worker-${pool}`) as Manifest;
  const { requests, limits } = spec.template.spec.containers[0].resources;
  const cores = Math.max(1, Math.floor(coresOf(limits?.cpu ?? requests.cpu)));
  return { cores, memoryBytes: limits?.memory ? mebibytesOf(limits.memory) * MIB : null };
}

const demand = (queue: string): QueueDemand => ({
  ...{ queue, waiting: 3_000, delayedDue: 0, active: 0, paused: false, concurrency: null, serviceMs: null },
});
const desired = (config: Config, pool: string) =>
  scalePool(pool, [demand('call')], { ...config.scaling, slotsPerPod: slotsPerPod(config, pool, null) }, 1)
    .desired;

describe.skipIf(!has('helm'))(`a pool at zero${missing('helm')}`, () => {
  describe.each(CI)('of %s', (file) => {
    let manifests: Manifest[] = [];
    beforeAll(async () => {
      manifests = await render(valuesOf(file));
    });

    test.each(['supervisor', 'producer'])('is sized for the %s as its pods size themselves', (who) => {
      const { pools } = configOf(manifests, who);
      expect(Object.keys(pools)).not.toEqual([]);
      for (const [pool, { assumed }] of Object.entries(pools)) {
        const own = configOf(manifests, `worker-${pool}`, machineOf(manifests, pool));
        expect(assumed?.processes).toBe(own.worker.processes);
      }
    });
  });

  test.each(['supervisor', 'producer'])(
    'gets its own number of pods, not one by the node of the %s',
    async (who) => {
      const config = configOf(await render(), who);
      // 3,000 jobs of an assumed second within 5 s are 600 slots; a pod has 16.
      expect(desired(config, 'default')).toBe(38);
    },
  );

  test('on whole cores runs a job on each', async () => {
    const config = configOf(await render({ workerPools: { default: { wholeCores: 3 } } }), 'supervisor');
    expect(desired(config, 'default')).toBe(200);
  });

  test('has as many processes as fit into its memory', async () => {
    const resources = { limits: { cpu: '8', memory: '512Mi' } };
    const manifests = await render({ workerPools: { default: { resources } } });
    const own = configOf(manifests, 'worker-default', machineOf(manifests, 'default'));
    expect(own.worker.processes).toBe(4);
    expect(configOf(manifests, 'supervisor').pools.default?.assumed?.processes).toBe(4);
  });
});

test.skipIf(!has('helm')).each([9, 10])(
  `%d processes are refused by the chart where the worker would refuse them${missing('helm')}`,
  async (processes) => {
    const worker = `worker: {processes: ${processes}}`;
    const start = async () =>
      compileConfig({ MILLRACE_CONFIG: 'x' }, worker, { cores: 2, memoryBytes: 1024 * MIB });
    const saysWorker = await start().then(() => null, String);
    const saysChart = await render({ worker: { processes } }).then(() => null, String);
    expect(saysChart === null).toBe(saysWorker === null);
    if (saysWorker !== null) expect(saysChart).toContain(`${processes} processes and 1 standby do not fit`);
    expect(saysWorker === null).toBe(processes === 9);
  },
);

test.skipIf(!has('helm'))(`a producer knows which queues a pool serves${missing('helm')}`, async () => {
  const values = { workerPools: { default: {}, mail: { queues: ['letters'] } } };
  const { pools } = configOf(await render(values), 'producer');
  expect(queuesOfPool(pools, 'mail', ['call', 'letters'])).toEqual(['letters']);
  expect(queuesOfPool(pools, 'default', ['call', 'letters'])).toEqual(['call', 'letters']);
});
