import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { valueComments } from '../../charts/schema/comments.ts';
import { configPart } from '../../charts/schema/own-part.ts';
import { configJsonSchema, valuesSchema } from '../../charts/schema/values-schema.ts';
import { CHART, has, missing, render } from './render.ts';

const VALUES = readFileSync(join(CHART, 'values.yaml'), 'utf8');

// `npm run chart` writes the file anew.
test('values.schema.json is what values.yaml and the configuration schema make of it', async () => {
  const made = `${JSON.stringify(valuesSchema(VALUES), null, 2)}\n`;
  await expect(made).toMatchFileSnapshot(join(CHART, 'values.schema.json'));
});

test('a comment belongs to the key below it, and may run over lines', () => {
  const text = 'a:\n  # -- (int) First\n  # and second.\n  b: null\n  # no doc\n  c: 1\n# -- Last\nd: {}\n';
  expect([...valueComments(text)]).toEqual([
    ['a.b', { type: 'int', text: 'First and second.' }],
    ['d', { type: null, text: 'Last' }],
  ]);
});

test('a default that does not say what the value takes is refused', () => {
  expect(() => valuesSchema(`${VALUES}\nnovelty: null\n`)).toThrow(/novelty is null; say in own-part.ts/);
  expect(() => valuesSchema(VALUES.replace(/^profile: .*$/m, ''))).toThrow(/speaks of profile/);
});

test('config takes every key of the configuration but those that the chart decides', () => {
  const part = configPart(configJsonSchema());
  expect(Object.keys(part.properties ?? {})).toEqual(
    expect.arrayContaining(['queue', 'drain', 'retention', 'poison']),
  );
  expect(part.properties).not.toHaveProperty('redis');
  expect(part.properties).not.toHaveProperty('pools');
  expect(Object.keys(part.properties?.worker?.properties ?? {})).toEqual(['lockMs']);
  expect(part.additionalProperties).toBe(false);
});

const REFUSED: readonly (readonly [what: string, values: object, says: RegExp])[] = [
  ['a typo', { producer: { replicaz: 3 } }, /'?\/producer'?.*replicaz/],
  ['a typo in a pool', { workerPools: { x: { queus: ['a'] } } }, /\/workerPools\/x.*queus/],
  ['a typo in the configuration', { config: { queue: { boundd: 3 } } }, /\/config\/queue.*boundd/],
  ['what the chart decides', { config: { redis: { url: 'redis://x' } } }, /redis/],
  ['an unknown profile', { profile: 'prod' }, /profile.*evaluation.*production/],
  ['a pool whose name no object may have', { workerPools: { Big_One: {} } }, /\/workerPools.*Big_One/s],
  ['half a process', { worker: { processes: 1.5 } }, /\/worker\/processes/],
  ['a strategy that OTP does not know', { worker: { strategy: 'one_for_two' } }, /\/worker\/strategy/],
  ['a queue with a blank', { worker: { queues: ['a b'] } }, /\/worker\/queues/],
  ['a digest that is none', { image: { digest: 'sha256:12' } }, /\/image\/digest/],
  [
    'a misspelt resource',
    { worker: { resources: { limits: { memroy: '2Gi' } } } },
    /\/worker\/resources\/limits.*memroy/s,
  ],
  [
    "a misspelt resource of a pool's",
    { workerPools: { x: { resources: { requests: { Cpu: 1 } } } } },
    /workerPools\/x\/resources\/requests.*Cpu/s,
  ],
  [
    'a limit that is no list of ours',
    { producer: { resources: { limit: {} } } },
    /\/producer\/resources.*limit/s,
  ],
  [
    'memory that is no quantity',
    { worker: { resources: { limits: { memory: 'foo' } } } },
    /\/worker\/resources\/limits\/memory/,
  ],
  [
    "a store's cpu below nothing",
    { store: { evaluation: { resources: { requests: { cpu: -1 } } } } },
    /requests\/cpu/,
  ],
  ['fewer than no workers', { worker: { replicas: -1 } }, /\/worker\/replicas/],
  ['fewer than no producers', { producer: { replicas: -1 } }, /\/producer\/replicas/],
  [
    "a volume's size that is none",
    { store: { evaluation: { persistence: { size: 'abc' } } } },
    /persistence\/size/,
  ],
  [
    'a bound of memory that Valkey does not read',
    { store: { evaluation: { maxmemory: '1Gi' } } },
    /maxmemory/,
  ],
  ['a name that no object may have', { nameOverride: 'Bad_Name' }, /\/nameOverride/],
  ['a name that no Service may have', { fullnameOverride: '1st' }, /\/fullnameOverride/],
  [
    'a grace before the start',
    { supervisor: { terminationGracePeriodSeconds: -1 } },
    /\/supervisor\/termination/,
  ],
  [
    "no grace of the store's",
    { store: { evaluation: { terminationGracePeriodSeconds: 0 } } },
    /evaluation\/termination/,
  ],
  ['a port that is none', { producer: { service: { port: 0 } } }, /\/producer\/service\/port/],
  ['a whole core and a half', { worker: { wholeCores: 1.5 } }, /\/worker\/wholeCores/],
];

describe.each(['helm', 'helm3'] as const)('values, by %s', (helm) => {
  describe.skipIf(!has(helm))(`the schema refuses${missing(helm)}`, () => {
    test.each(REFUSED)('%s', async (_what, values, says) => {
      await expect(render(values, { helm })).rejects.toThrow(says);
    });

    test('but no resource that Kubernetes takes', async () => {
      const limits = {
        cpu: 2,
        memory: '1.5Gi',
        'ephemeral-storage': '1e9',
        'hugepages-2Mi': '64Mi',
        'nvidia.com/gpu': 1,
      };
      const values = { worker: { resources: { limits } }, workerPools: { none: { replicas: 0 } } };
      await expect(render(values, { helm })).resolves.toBeDefined();
    });
  });
});
