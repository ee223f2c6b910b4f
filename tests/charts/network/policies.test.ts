import { beforeAll, describe, expect, it } from 'vitest';
import { has, missing, ofKind, render } from '../render.ts';
import { type Endpoint, isAllowed } from './evaluate.ts';
import { namespaceLabels, type Release, readRelease } from './release.ts';

const stranger = (namespace: string, labels: Record<string, string>, ip = '10.78.9.9'): Endpoint => ({
  name: `${namespace}/${Object.values(labels).join()}`,
  ip,
  pod: { namespace, namespaceLabels: namespaceLabels(namespace), labels, ports: {} },
});
const outside = (ip: string): Endpoint => ({ name: ip, ip });

const PROMETHEUS = stranger('observability', { 'app.kubernetes.io/name': 'prometheus' });
const KEDA = stranger('keda', { app: 'keda-operator' });
const CLIENT = stranger('shop', { app: 'shop' });
const NEIGHBOUR = stranger('ns', { app: 'neighbour' });
const DNS_POD = stranger('kube-system', { 'k8s-app': 'kube-dns' });
const DNS_NODE = outside('169.254.20.10');
const API_SERVER = outside('10.77.0.1');
const METADATA = outside('169.254.169.254');
const WEBHOOK = outside('203.0.113.80');
const WEBHOOK_SIX = outside('2001:db8:1::80');
const PRIVATE = [outside('10.20.0.5'), outside('192.168.1.1'), outside('fd00::5'), outside('::1')];

/** Every choice that a network plugin may make. */
const PLUGINS = [{ ipBlocksMatchPods: true }, { ipBlocksMatchPods: false }];

function judge({ policies }: Pick<Release, 'policies'>) {
  const verdicts = (from: Endpoint, to: Endpoint, port: number, protocol: 'TCP' | 'UDP' = 'TCP') =>
    PLUGINS.map((plugin) => isAllowed(policies, { from, to, port, protocol }, plugin));
  const say = (from: Endpoint, to: Endpoint, port: number) => `${from.name} → ${to.name}:${port}`;
  return {
    allowed(from: Endpoint, to: Endpoint, port: number, protocol?: 'TCP' | 'UDP') {
      expect(verdicts(from, to, port, protocol), say(from, to, port)).toEqual([true, true]);
    },
    denied(from: Endpoint, to: Endpoint, port: number, protocol?: 'TCP' | 'UDP') {
      expect(verdicts(from, to, port, protocol), say(from, to, port)).toEqual([false, false]);
    },
  };
}

describe.skipIf(!has('helm'))(`NetworkPolicies of a release${missing('helm')}`, () => {
  let release: Release;
  let other: Release;
  const services = ['producer', 'supervisor', 'worker'];

  beforeAll(async () => {
    release = readRelease(await render({ jaeger: { enabled: true } }));
    other = readRelease(await render({}, { release: 'other' }), 2);
  });

  it('let every connection of the product through', () => {
    const { allowed } = judge(release);
    const { pod } = release;
    for (const service of services) {
      allowed(pod(service), pod('store'), 6379);
      allowed(pod(service), pod('jaeger'), 4318);
      allowed(PROMETHEUS, pod(service), 9464);
    }
    for (const asker of [...services, 'test']) {
      for (const server of [DNS_POD, DNS_NODE, API_SERVER]) {
        allowed(pod(asker), server, 53, 'UDP');
        allowed(pod(asker), server, 53);
      }
    }
    allowed(pod('worker'), pod('supervisor'), 9470);
    allowed(pod('supervisor'), API_SERVER, 6443);
    allowed(pod('supervisor'), API_SERVER, 443);
    for (const caller of [CLIENT, NEIGHBOUR, KEDA, WEBHOOK, pod('test')]) {
      allowed(caller, pod('producer'), 8080);
    }
    allowed(CLIENT, pod('jaeger'), 16686);
  });

  it('let handlers call public addresses, and nothing that is private', () => {
    const { allowed, denied } = judge(release);
    const worker = release.pod('worker');
    allowed(worker, WEBHOOK, 443);
    allowed(worker, WEBHOOK, 8443);
    allowed(worker, WEBHOOK_SIX, 443);
    for (const address of [...PRIVATE, METADATA, CLIENT, DNS_POD]) denied(worker, address, 443);
  });

  it('deny what no part of the product does', () => {
    const { denied } = judge(release);
    const { pod } = release;
    denied(pod('worker'), pod('producer'), 8080);
    denied(pod('worker'), API_SERVER, 6443);
    denied(pod('worker'), API_SERVER, 443);
    denied(pod('worker'), pod('supervisor'), 9464);
    denied(pod('worker'), pod('jaeger'), 16686);
    denied(pod('producer'), pod('supervisor'), 9470);
    denied(pod('producer'), API_SERVER, 6443);
    denied(pod('producer'), WEBHOOK, 443);
    denied(pod('supervisor'), pod('producer'), 8080);
    denied(pod('supervisor'), pod('worker'), 9464);
    denied(pod('supervisor'), WEBHOOK, 80);
    for (const silent of ['store', 'jaeger']) {
      for (const service of services) denied(pod(silent), pod(service), 8080);
      denied(pod(silent), DNS_POD, 53, 'UDP');
      denied(pod(silent), API_SERVER, 6443);
      denied(pod(silent), WEBHOOK, 443);
    }
    denied(pod('test'), pod('store'), 6379);
    denied(pod('test'), API_SERVER, 6443);
  });

  it('keep strangers from the store, the links and the metrics', () => {
    const { denied } = judge(release);
    const { pod } = release;
    for (const from of [CLIENT, NEIGHBOUR, KEDA, PROMETHEUS, WEBHOOK, pod('test')]) {
      denied(from, pod('store'), 6379);
      denied(from, pod('supervisor'), 9470);
      denied(from, pod('jaeger'), 4318);
    }
    for (const service of services) {
      for (const from of [CLIENT, NEIGHBOUR, WEBHOOK, pod('test')]) denied(from, pod(service), 9464);
    }
    denied(CLIENT, pod('worker'), 9464);
  });

  it('keep two releases in one namespace apart', () => {
    const { denied } = judge({ policies: [...release.policies, ...other.policies] });
    for (const service of services) denied(other.pod(service), release.pod('store'), 6379);
    denied(other.pod('worker'), release.pod('supervisor'), 9470);
    denied(other.pod('worker'), release.pod('producer'), 8080);
  });

  it('select every pod of the release, in both directions', () => {
    for (const component of [...services, 'store', 'jaeger', 'test']) {
      const selecting = release.policies.filter(
        ({ spec }) => spec.podSelector.matchLabels?.['app.kubernetes.io/component'] === component,
      );
      expect(
        selecting.map(({ spec }) => spec.policyTypes),
        component,
      ).toEqual([['Ingress', 'Egress']]);
    }
  });
});

describe.skipIf(!has('helm'))(`NetworkPolicies by value${missing('helm')}`, () => {
  const external = (store: object, rest: object = {}) =>
    render({ store: { evaluation: { enabled: false }, external: store }, ...rest }).then(readRelease);

  it('are left out on request', async () => {
    const manifests = await render({ networkPolicy: { enabled: false } });
    expect(ofKind(manifests, 'NetworkPolicy').size).toBe(0);
  });

  it('narrow the API server to its addresses, which handlers cannot call either', async () => {
    const publicServer = outside('198.51.100.1');
    const release = readRelease(
      await render({ networkPolicy: { apiServer: { cidrs: ['198.51.100.1/32'], ports: [8443] } } }),
    );
    const { allowed, denied } = judge(release);
    allowed(release.pod('supervisor'), publicServer, 8443);
    denied(release.pod('supervisor'), publicServer, 6443);
    denied(release.pod('supervisor'), outside('198.51.100.2'), 8443);
    denied(release.pod('worker'), publicServer, 8443);
    allowed(release.pod('worker'), outside('198.51.100.2'), 8443);
  });

  it('close the way out for handlers, and open what is named', async () => {
    const release = readRelease(
      await render({
        networkPolicy: {
          worker: {
            publicEgress: false,
            extraEgress: [{ to: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'shop' } } }] }],
          },
        },
      }),
    );
    const { allowed, denied } = judge(release);
    denied(release.pod('worker'), WEBHOOK, 443);
    allowed(release.pod('worker'), CLIENT, 80);
    allowed(release.pod('worker'), release.pod('store'), 6379);
  });

  it('narrow the callers of the API, the scrapers and the name servers', async () => {
    const only = (app: string) => [{ namespaceSelector: {}, podSelector: { matchLabels: { app } } }];
    const release = readRelease(
      await render({
        networkPolicy: {
          producer: { from: only('shop') },
          metrics: { from: only('scraper') },
          dns: {
            to: [{ namespaceSelector: { matchLabels: namespaceLabels('kube-system') } }],
            ports: [5353],
          },
        },
      }),
    );
    const { allowed, denied } = judge(release);
    const producer = release.pod('producer');
    allowed(CLIENT, producer, 8080);
    denied(NEIGHBOUR, producer, 8080);
    allowed(stranger('x', { app: 'scraper' }), producer, 9464);
    denied(PROMETHEUS, producer, 9464);
    allowed(producer, DNS_POD, 5353, 'UDP');
    denied(producer, DNS_POD, 53, 'UDP');
    denied(producer, CLIENT, 5353, 'UDP');
  });

  it.each([
    ['a port of the address', { url: 'rediss://store.example.com:6390/2' }, [6390]],
    ['no port in the address', { url: 'rediss://store.example.com' }, [6379]],
    ['nodes of a Cluster', { cluster: { nodes: ['a:7000', 'b:7001'] } }, [7000, 7001]],
    ['Sentinels', { sentinel: { name: 'main', nodes: ['a:26379', 'b:26380'] } }, [26379, 26380, 6379]],
  ])('go to an external store by %s', async (_, store, ports) => {
    const prefix = 'cluster' in store ? { prefix: '{millrace}' } : {};
    const release = readRelease(
      await render({ store: { ...prefix, evaluation: { enabled: false }, external: store } }),
    );
    const { allowed, denied } = judge(release);
    for (const service of ['producer', 'supervisor', 'worker']) {
      for (const port of ports) allowed(release.pod(service), outside('10.9.9.9'), port);
      denied(release.pod(service), outside('10.9.9.9'), 6400);
    }
  });

  it('go to a named external store only', async () => {
    const release = await external(
      { url: 'redis://store:6380' },
      { networkPolicy: { externalStore: { to: [{ ipBlock: { cidr: '10.9.9.9/32' } }], ports: [6381] } } },
    );
    const { allowed, denied } = judge(release);
    allowed(release.pod('worker'), outside('10.9.9.9'), 6381);
    denied(release.pod('worker'), outside('10.9.9.9'), 6380);
    denied(release.pod('worker'), outside('10.9.9.8'), 6381);
  });

  it.each([
    ['http://collector.observability:4318', 'http/protobuf', 4318],
    ['http://collector.observability', 'http/protobuf', 4318],
    ['http://collector.observability', 'grpc', 4317],
    ['https://otlp.example.com', 'http/protobuf', 443],
    ['https://otlp.example.com:8443/v1', 'http/protobuf', 8443],
  ])('go to the collector: %s by %s', async (endpoint, protocol, port) => {
    const collector = stranger('observability', { app: 'collector' });
    const release = readRelease(await render({ telemetry: { enabled: true, endpoint, protocol } }));
    const { allowed, denied } = judge(release);
    allowed(release.pod('producer'), collector, port);
    denied(release.pod('producer'), collector, 9411);
  });
});
