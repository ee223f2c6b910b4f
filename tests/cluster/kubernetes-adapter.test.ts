import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Clock, silentLog, systemClock } from '@millrace/core';
import { prometheusText } from '@millrace/telemetry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClusterEvent } from '../../services/supervisor/src/cluster/cluster.ts';
import { fromKubeconfig } from '../../services/supervisor/src/cluster/kubernetes/credentials.ts';
import { createKubernetesCluster } from '../../services/supervisor/src/cluster/kubernetes/kubernetes-cluster.ts';
import type { LinkedPod } from '../../services/supervisor/src/cluster/pod-controllers.ts';
import { clusterConformance } from '../support/cluster-conformance.ts';
import { until } from '../support/queue.ts';
import { eventually, find, kubectl, list, type Manifest } from './support/kubernetes.ts';
import { must } from './support/shell.ts';
import { type UnsteadyWay, unsteadyWay } from './support/unsteady-way.ts';

/** Heeds no SIGTERM, and ends with 7 when it is told to crash. */
const STUBBORN =
  "process.on('SIGTERM', () => {}); process.on('SIGUSR2', () => process.exit(7)); setInterval(() => {}, 1000);";
/** What the adapter is tried with: any image that has Node. */
const IMAGE = process.env.CLUSTER_NODE_IMAGE ?? 'node:24-slim';
const SLOW_MS = 60_000;
const namespace = `millrace-adapter-${randomBytes(3).toString('hex')}`;
let releases = 0;

beforeAll(() => kubectl('create', 'namespace', namespace));
afterAll(() => kubectl('delete', 'namespace', namespace, '--wait=false'));

const credentials = () => fromKubeconfig(readFileSync(process.env.KUBECONFIG ?? '', 'utf8'), systemClock);

/** One release's adapter, with who was introduced to it. */
function adapter(release: string, id = 'one', port?: number, clock: Clock = systemClock) {
  const place = {
    podName: null,
    podUid: null,
    nodeName: null,
    namespace,
    release,
    appName: null,
    fullname: null,
  };
  const own = credentials();
  const reached = port === undefined ? own : { ...own, server: serverAt(own.server, port) };
  const made = createKubernetesCluster({
    ...{ credentials: reached, place, id, dryRun: false, clock, log: silentLog },
  });
  const { controllers } = made;
  if (controllers === null) throw new Error('it has controllers');
  const events: ClusterEvent[] = [];
  made.listen((event) => events.push(event));
  return { cluster: made, controllers, events };
}

/** Through a way of ours; the certificate is that of the server's own host. */
function serverAt(server: URL, port: number): URL {
  const through = new URL(server);
  through.port = String(port);
  return through;
}

const labelsOf = (release: string) => ({
  'app.kubernetes.io/name': 'millrace',
  'app.kubernetes.io/instance': release,
  'app.kubernetes.io/component': 'worker',
  'millrace.dev/pool': 'default',
});

const podSpec = {
  restartPolicy: 'Never',
  terminationGracePeriodSeconds: 30,
  automountServiceAccountToken: false,
  containers: [{ name: 'worker', image: IMAGE, command: ['node', '-e', STUBBORN] }],
};

const apply = (manifest: object) =>
  must(['kubectl', '-n', namespace, 'apply', '-f', '-'], JSON.stringify(manifest));

/** A pod that runs, and the hello that it would say. */
async function runPod(release: string, name: string): Promise<LinkedPod> {
  const metadata = { name, namespace, labels: labelsOf(release) };
  await apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec: podSpec });
  const pod = await eventually(`${name} runs`, SLOW_MS, async () => {
    const found = await find('pod', name, namespace);
    return found?.status?.phase === 'Running' && found;
  });
  return linkedPod(pod);
}

async function linkedPod({ metadata }: Manifest): Promise<LinkedPod> {
  const startedAtMs = Date.now();
  // One that ends within its first second is left to the links.
  await until(() => Date.now() - startedAtMs > 1_100, 'it has lived for a second');
  const k8s = { name: metadata.name, uid: metadata.uid };
  return { id: `pod.${metadata.name}`, pool: 'default', pid: 1, startedAtMs, k8s };
}

async function open() {
  const release = `r${releases++}`;
  const { cluster, controllers, events } = adapter(release);
  const linked: LinkedPod[] = [];
  controllers.candidate(() => true);
  await cluster.start();
  await until(() => controllers.holdsLease, 'it holds the lease');
  return {
    cluster,
    events,
    async startPod() {
      const pod = await runPod(release, `${release}-${linked.length}`);
      linked.push(pod);
      controllers.introduce(pod);
      await until(() => events.some(({ id }) => id === pod.id), 'it is told', SLOW_MS);
      return pod.id;
    },
    crash: (id: string) => crash(id.slice('pod.'.length)),
    async seenByAnother() {
      const another = adapter(release, 'another');
      await another.cluster.start();
      await another.cluster.list();
      for (const pod of linked) another.controllers.introduce(pod);
      const seen = (await another.cluster.list()).map(({ id }) => id);
      await another.cluster.stop();
      return seen;
    },
    close: async () => {
      await cluster.stop();
      await kubectl(
        '-n',
        namespace,
        'delete',
        'pod',
        '-l',
        selectorOf(release),
        '--grace-period=1',
        '--wait=false',
      );
    },
  };
}

const selectorOf = (release: string) => `app.kubernetes.io/instance=${release}`;
const crash = async (pod: string) => {
  await kubectl('-n', namespace, 'exec', pod, '--', 'sh', '-c', 'kill -USR2 1');
};

clusterConformance('Kubernetes', open, SLOW_MS);

describe('the lease', () => {
  const holder = async () => (await find('lease', 'l-supervisor', namespace))?.spec.holderIdentity;

  test('one of two holds it; given up it is the other’s at once, and who does not want it has not got it', async () => {
    const [one, two] = [adapter('l', 'one'), adapter('l', 'two')];
    const wants = { one: true, two: true };
    one.controllers.candidate(() => wants.one);
    two.controllers.candidate(() => wants.two);
    await one.cluster.start();
    await until(() => one.controllers.holdsLease, 'the first has it');
    await two.cluster.start();
    await until(async () => (await holder()) === 'one', 'its name is in it');
    expect(two.controllers.holdsLease).toBe(false);
    wants.one = false;
    await until(() => two.controllers.holdsLease, 'the second has it', 3_000);
    expect(one.controllers.holdsLease).toBe(false);
    const startedMs = performance.now();
    await two.cluster.stop();
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(await holder()).toBe('');
    await one.cluster.stop();
  });
});

test('who slept past its lease knows it when it wakes, before it has asked anybody', async () => {
  let sleptMs = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + sleptMs };
  const { cluster, controllers } = adapter('s', 'sleeper', undefined, clock);
  controllers.candidate(() => true);
  await cluster.start();
  await until(() => controllers.holdsLease, 'it has it');
  sleptMs = 4_001;
  expect(controllers.holdsLease).toBe(false);
  expect((await controllers.spare(new Map([['anybody', 100]])))('default')).toBe(false);
  await cluster.stop();
});

describe('over a Deployment', () => {
  const release = 'd';
  const deployment = (replicas: number) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd-worker-default', namespace, labels: labelsOf(release) },
    spec: {
      replicas,
      selector: { matchLabels: labelsOf(release) },
      template: { metadata: { labels: labelsOf(release) }, spec: { ...podSpec, restartPolicy: 'Always' } },
    },
  });
  const running = (count: number) =>
    eventually(`${count} pods run`, SLOW_MS, async () => {
      const pods = await list('pods', namespace, selectorOf(release));
      const up = pods.filter(
        ({ metadata, status }) => !metadata.deletionTimestamp && status.phase === 'Running',
      );
      return up.length === count && pods.length === count && up;
    });
  const costOf = ({ metadata }: Manifest) =>
    metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'];

  test('the busy are spared in a scale-in, the numbers go with their reason, and Events and status are seen', async () => {
    await apply(deployment(4));
    const { cluster, controllers } = adapter(release);
    controllers.candidate(() => true);
    await cluster.start();
    const pods = await running(4);
    await until(() => controllers.sizes().get('default')?.present === 4, 'the size is known', SLOW_MS);
    expect(controllers.sizes().get('default')).toEqual({ wanted: 4, present: 4, crashing: 0, paused: false });
    const linked = await Promise.all(pods.map(linkedPod));
    for (const pod of linked) controllers.introduce(pod);
    await until(() => controllers.holdsLease, 'it holds the lease');

    // The oldest and the youngest: without the costs the controller would choose by age.
    const busy = [linked[0], linked[3]].map((pod) => pod?.id ?? '');
    const costs = new Map(linked.map(({ id }) => [id, busy.includes(id) ? 100 : 0]));
    // Each of them is ready, and nothing is said of two: the pool may not be scaled in.
    expect((await controllers.spare(new Map(busy.map((pod) => [pod, 100]))))('default')).toBe(false);
    const isSpared = async (said: ReadonlyMap<string, number>) => (await controllers.spare(said))('default');
    await until(() => isSpared(costs), 'they are spared', SLOW_MS);
    const stay = (await list('pods', namespace, selectorOf(release))).filter((pod) => costOf(pod) === '100');
    expect(stay.map(({ metadata }) => `pod.${metadata.name}`).sort()).toEqual([...busy].sort());
    await kubectl('-n', namespace, 'scale', 'deployment/d-worker-default', '--replicas=2');
    const left = await running(2);
    expect(left.map(({ metadata }) => `pod.${metadata.name}`).sort()).toEqual([...busy].sort());
    await until(() => isSpared(new Map(busy.map((id) => [id, 0]))), 'nobody is spared any more', SLOW_MS);
    expect((await list('pods', namespace, selectorOf(release))).map(costOf)).toEqual([undefined, undefined]);

    const note = { kind: 'Warning', reason: 'PoolGaveUp', action: 'OpenCircuit' } as const;
    for (let n = 0; n < 2; n++)
      controllers.tell({ ...note, text: 'It died too often.', about: { pool: 'default' } });
    const described = await eventually('the Event is seen, with its repeat', SLOW_MS, async () => {
      const said = await kubectl('-n', namespace, 'describe', 'deployment', 'd-worker-default');
      return /PoolGaveUp.*\(x2 over/.test(said) && said;
    });
    expect(described).toContain('It died too often.');
    controllers.condition(
      [{ type: 'Ready', status: 'True', reason: 'Working', message: 'Jobs run.' }],
      'all is well',
    );
    await kubectl(
      '-n',
      namespace,
      'wait',
      'configmap/d-status',
      '--for=jsonpath={.data.Ready}=True',
      '--timeout=20s',
    );
    await cluster.stop();
  });

  test('a pod that is deleted by force, its object gone, has left and is not dead', async () => {
    const { cluster, controllers, events } = adapter(release, 'another');
    await cluster.start();
    const [pod] = await running(2);
    const linked = await linkedPod(pod);
    await cluster.list();
    controllers.introduce(linked);
    await kubectl('-n', namespace, 'delete', 'pod', pod.metadata.name, '--grace-period=0', '--force');
    await until(
      () => events.some(({ type, id }) => type === 'pod-left' && id === linked.id),
      'it has left',
      SLOW_MS,
    );
    expect(events.filter(({ type, id }) => type === 'pod-exited' && id === linked.id)).toEqual([]);
    await cluster.stop();
  });
});

describe('a server that goes away', () => {
  const release = 'w';
  /** Longer than a call may take, and than the lease lives. */
  const AWAY_MS = 7_000;
  const BACK_MS = 10_000;

  async function through(act: (way: UnsteadyWay, made: ReturnType<typeof adapter>) => Promise<void>) {
    const { server } = credentials();
    const way = await unsteadyWay(server.hostname, Number(server.port || 443));
    const made = adapter(release, 'w', way.port);
    made.controllers.candidate(() => true);
    await made.cluster.start();
    await until(() => made.controllers.holdsLease, 'it holds the lease', SLOW_MS);
    await made.cluster.list();
    try {
      await act(way, made);
    } finally {
      way.thaw();
      await made.cluster.stop();
      way.close();
    }
  }

  const deployment = (name: string, replicas: number) => ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
    metadata: { name, namespace, labels: { ...labelsOf(release), 'millrace.dev/pool': name } },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { ...podSpec, restartPolicy: 'Always' } },
    },
  });
  const away = async (ms: number) => {
    const sinceMs = performance.now();
    await until(() => performance.now() - sinceMs > ms, 'the time is over', ms + 1_000);
  };

  // On a host that is not this machine the certificate does not fit our way.
  const isNear = ['127.0.0.1', 'localhost'].includes(credentials().server.hostname);

  test.skipIf(!isNear).each(['freeze', 'cut'] as const)(
    'by a %s: nobody acts meanwhile, and what changed is seen soon after its return',
    (how) =>
      through(async (way, { controllers }) => {
        way[how]();
        await away(AWAY_MS);
        expect(controllers.holdsLease).toBe(false);
        expect(prometheusText(controllers.metrics())).toContain('millrace_kubernetes_away 1');
        await apply(deployment(`p-${how}`, 0));
        way.thaw();
        await until(() => controllers.sizes().has(`p-${how}`), 'the change is seen', BACK_MS);
        await until(() => controllers.holdsLease, 'it acts again', BACK_MS);
        // And the watch lives, not only the list before it.
        await apply(deployment(`q-${how}`, 0));
        await until(() => controllers.sizes().has(`q-${how}`), 'the next change is seen', BACK_MS);
        expect(prometheusText(controllers.metrics())).toContain('millrace_kubernetes_away 0');
      }),
  );
});
