import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, compileConfig, DRAIN_MARGINS, ENVIRONMENT } from '@millrace/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { fullnameOf } from '../../loadtests/runner/fullname.ts';
import { CHART, has, type Manifest, missing, ofKind, render } from './render.ts';
import { containersOf, podsOf, restrictedFaults } from './restricted.ts';

const CI = readdirSync(join(CHART, 'ci')).filter((file) => file.endsWith('.yaml'));
const valuesOf = (file: string) => parse(readFileSync(join(CHART, 'ci', file), 'utf8')) as object;
const MIB = 2 ** 20;
/** The sizes that the example pools have; whether they suffice is the chart's to say. */
const MACHINE = { cores: 2, memoryBytes: 1024 * MIB };

const configOf = (manifest: Manifest): Config =>
  compileConfig({ MILLRACE_CONFIG: 'config.yaml' }, manifest.data['config.yaml'], MACHINE);

const withoutRandom = (manifests: readonly Manifest[]) => manifests.filter(({ kind }) => kind !== 'Secret');

describe.skipIf(!has('helm'))(`every example${missing('helm')}`, () => {
  describe.each(CI)('%s', (file) => {
    let manifests: Manifest[] = [];
    beforeAll(async () => {
      manifests = await render(valuesOf(file));
    });

    test('has configurations that the services take', () => {
      const files = manifests.filter(({ kind, data }) => kind === 'ConfigMap' && data?.['config.yaml']);
      expect(files.length).toBeGreaterThanOrEqual(3);
      for (const one of files) expect(configOf(one).http.healthPort).toBe(9464);
    });

    test('sets no variable that the services refuse, and none twice', () => {
      for (const { env = [] } of podsOf(manifests).flatMap(containersOf)) {
        const names = env.map(({ name }: { name: string }) => name);
        expect(new Set(names).size).toBe(names.length);
        const ours = names.filter((name: string) => name.startsWith('MILLRACE_'));
        expect(ENVIRONMENT).toEqual(expect.arrayContaining(ours));
      }
    });

    test('tells telemetry where each service runs, down to its container', () => {
      const told = manifests.flatMap(({ kind, metadata, spec }) =>
        (kind === 'Deployment' ? containersOf(spec.template.spec) : []).flatMap(({ name, env = [] }) => {
          const found = env.find((one: { name: string }) => one.name === 'OTEL_RESOURCE_ATTRIBUTES');
          return found === undefined ? [] : [{ value: found.value, deployment: metadata.name, name }];
        }),
      );
      expect(told.length).toBeGreaterThanOrEqual(3);
      for (const { value, deployment, name } of told) {
        expect(value).toContain('k8s.pod.name=$(MILLRACE_POD_NAME)');
        expect(value).toContain(`k8s.deployment.name=${deployment},k8s.container.name=${name}`);
      }
    });

    test('keeps to the restricted profile', () => {
      for (const pod of podsOf(manifests)) expect(restrictedFaults(pod)).toEqual([]);
    });

    test('requests resources, and no link of a service', () => {
      for (const pod of podsOf(manifests)) {
        expect(pod.enableServiceLinks).toBe(false);
        for (const { resources } of containersOf(pod)) expect(resources?.requests?.memory).toBeDefined();
      }
    });

    test.skipIf(!has('helm3'))(`is the same from Helm 3${missing('helm3')}`, async () => {
      const three = await render(valuesOf(file), { helm: 'helm3' });
      expect(withoutRandom(three)).toEqual(withoutRandom(manifests));
    });
  });
});

// `auto` on a live cluster renders what `always` does, unless the namespace's labels enforce *restricted* (pods_test.yaml).
describe.skipIf(!has('helm'))(`on volumes that do not heed fsGroup${missing('helm')}`, () => {
  const faultsOf = async (chown: string) =>
    podsOf(await render({ store: { evaluation: { persistence: { chown } } } })).flatMap(restrictedFaults);

  test('one container of the evaluation store is beyond the restricted profile, in what it must', async () => {
    const faults = ['runAsNonRoot', 'runAsUser', 'capabilities.add'].map((what) => `own-data: ${what}`);
    expect(await faultsOf('always')).toEqual(faults);
  });

  test('and none where it is told not to be', async () => {
    expect(await faultsOf('never')).toEqual([]);
  });
});

describe.skipIf(!has('helm'))(`a change${missing('helm')}`, () => {
  const checksums = async (values: object) =>
    new Map(
      [...ofKind(await render(values), 'Deployment')].map(([name, { spec }]) => [
        name,
        spec.template.metadata.annotations?.['checksum/config'],
      ]),
    );
  const pools = (own: object) => ({ workerPools: { default: {}, other: own } });

  test.each([
    ['what only its pods do', { standby: 2 }, []],
    ['how it restarts', { strategy: 'one_for_all' }, ['m-millrace-supervisor']],
    ['its size', { concurrency: 3 }, ['m-millrace-producer', 'm-millrace-supervisor']],
    ['its queues', { queues: ['call'] }, ['m-millrace-producer', 'm-millrace-supervisor']],
  ])('of %s restarts a pool, and those who must know', async (_what, own, others) => {
    const after = await checksums(pools(own));
    expect(changed(await checksums(pools({})), after)).toEqual([...others, 'm-millrace-worker-other']);
  });

  test('of the number of pods restarts nobody', async () => {
    expect(changed(await checksums(pools({})), await checksums(pools({ replicas: 4 })))).toEqual([]);
  });

  test('of the queues’ bounds restarts all', async () => {
    const after = await checksums({ ...pools({}), config: { queue: { bound: 7 } } });
    expect(changed(await checksums(pools({})), after)).toHaveLength(4);
  });
});

function changed(before: Map<string, string>, after: Map<string, string>): string[] {
  return [...after.keys()].filter((name) => before.get(name) !== after.get(name)).sort();
}

/** Each feature, and the kind that shows it where it has one. */
const FEATURES: readonly (readonly [what: string, values: object, kind: string])[] = [
  ['whole cores', { worker: { wholeCores: 2, resources: null } }, 'Deployment'],
  ['a heap’s size', { worker: { maxOldSpace: 100 } }, 'Deployment'],
  ['an HPA', { worker: { autoscaling: { hpa: { enabled: true } } } }, 'HorizontalPodAutoscaler'],
  ['KEDA', { worker: { autoscaling: { keda: { enabled: true } } } }, 'ScaledObject'],
  ['KEDA for one pool', { workerPools: { a: { autoscaling: { keda: { enabled: true } } } } }, 'ScaledObject'],
  ['a pool of nothing', { workerPools: { a: null } }, 'Deployment'],
  ['a Jaeger', { jaeger: { enabled: true } }, 'Deployment'],
  ['telemetry', { telemetry: { enabled: true } }, 'Deployment'],
  ['an Ingress', { ingress: { enabled: true, hosts: [{ host: 'x.example.com' }] } }, 'Ingress'],
  ['an HTTPRoute', { httpRoute: { enabled: true, parentRefs: [{ name: 'g' }] } }, 'HTTPRoute'],
  ['policies', { networkPolicy: { enabled: true } }, 'NetworkPolicy'],
  ['budgets', { pdb: { enabled: true } }, 'PodDisruptionBudget'],
  ['a Service of metrics', { monitoring: { service: { enabled: true } } }, 'Service'],
  ['a ServiceMonitor', { monitoring: { serviceMonitor: { enabled: true } } }, 'ServiceMonitor'],
  ['a PodMonitor', { monitoring: { podMonitor: { enabled: true } } }, 'PodMonitor'],
  ['alerts', { monitoring: { prometheusRule: { enabled: true } } }, 'PrometheusRule'],
  ['dashboards', { monitoring: { dashboards: { enabled: true } } }, 'ConfigMap'],
];

// What --reuse-values does: the values of a release before, which did not know what is new. Null does it to a single one.
describe.skipIf(!has('helm'))(`values of an older chart${missing('helm')}`, () => {
  const defaults = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Record<string, unknown>;

  test('may lack every single one', async () => {
    expect(kindsOf(await bare({}))).toEqual(
      expect.arrayContaining(['Deployment', 'StatefulSet', 'Secret', 'Role']),
    );
  });

  test.each(Object.keys(defaults).filter((key) => isMap(defaults[key])))(
    'may have nothing in %s',
    async (key) => {
      expect(kindsOf(await bare({ ...defaults, [key]: {} }))).toContain('Deployment');
    },
  );

  test.each(FEATURES)('may lack every other one beside %s', async (_what, values, kind) => {
    expect(kindsOf(await bare({ workerPools: { default: {} }, ...values }))).toContain(kind);
  });

  test.each([
    ['ScaledObject', { keda: { enabled: true } }, ['fallback', 'advanced']],
    ['HorizontalPodAutoscaler', { hpa: { enabled: true } }, ['behavior']],
  ] as const)('give a %s the numbers of this one', async (kind, autoscaling, absent) => {
    const specOf = async (manifests: Promise<Manifest[]>) => {
      const [found] = ofKind(await manifests, kind).values();
      return Object.fromEntries(
        Object.entries(found?.spec).filter(([key]) => !absent.includes(key as never)),
      );
    };
    const values = { worker: { autoscaling }, workerPools: { default: {} } };
    expect(await specOf(bare(values))).toEqual(await specOf(render(values, { namespace: 'default' })));
  });

  test('give every Deployment the number of pods and the grace of this one', async () => {
    const numbersOf = (manifests: readonly Manifest[]) =>
      [...ofKind(manifests, 'Deployment')].map(([name, { spec }]) => [
        ...[name, spec.replicas, spec.template.spec.terminationGracePeriodSeconds],
      ]);
    const whole = numbersOf(await render());
    expect(numbersOf(await bare({ workerPools: { default: {} } }))).toEqual(whole);
    const none = { replicas: null, terminationGracePeriodSeconds: null };
    const nulls = { producer: none, supervisor: none, worker: none };
    expect(numbersOf(await render(nulls))).toEqual(whole);
  });
});

const isMap = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
const kindsOf = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind);

/** What the chart makes with these values instead of its own, without its schema. */
async function bare(values: object): Promise<Manifest[]> {
  const copy = mkdtempSync(join(tmpdir(), 'millrace-chart-'));
  try {
    for (const part of ['Chart.yaml', 'templates', 'files']) {
      cpSync(join(CHART, part), join(copy, part), { recursive: true });
    }
    writeFileSync(join(copy, 'values.yaml'), stringify(values));
    return await render({}, { chart: copy, namespace: 'default' });
  } finally {
    rmSync(copy, { recursive: true });
  }
}

describe.skipIf(!has('helm'))(`the grace of a pool${missing('helm')}`, () => {
  const withMargin = (marginMs: number) =>
    render({ worker: { terminationGracePeriodSeconds: 20, drain: { timeoutMs: 20_000 - marginMs } } });

  test('leaves its pods the time that they take beyond their drain', async () => {
    await expect(withMargin(DRAIN_MARGINS.podEndMs)).resolves.not.toEqual([]);
    await expect(withMargin(DRAIN_MARGINS.podEndMs - 1)).rejects.toThrow('must be at least 6 s longer');
  });
});

test.skipIf(!has('helm'))(`names begin as the tools believe that they do${missing('helm')}`, async () => {
  for (const release of ['m', 'my-millrace', `m${'-ab'.repeat(17)}`]) {
    const found = ofKind(await render({}, { release }), 'Service').keys();
    expect([...found]).toContain(`${fullnameOf(release)}-producer`);
  }
});
