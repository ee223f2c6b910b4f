import type { Connection, Endpoint } from '../../charts/network/evaluate.ts';
import { kubectl, list, type Manifest } from './kubernetes.ts';
import type { Release } from './release.ts';
import { connectionsOf, parseSockets, type SeenConnection } from './sockets.ts';

/** Components whose image has `cat`; the other ends are seen from theirs. */
const LOOKED_INTO = ['producer', 'supervisor', 'worker'];

interface Place {
  readonly endpoint: Endpoint;
  readonly port: number;
}

/** Where addresses of the cluster lead. */
interface Atlas {
  /** A policy judges what a Service's address leads to. */
  resolve(ip: string, port: number): Place;
}

function endpointOf(pod: Manifest, namespaces: ReadonlyMap<string, Record<string, string>>): Endpoint {
  const { name, namespace, labels = {} } = pod.metadata;
  const ports: Manifest[] = pod.spec.containers.flatMap(({ ports: own = [] }: Manifest) => own);
  const named = ports.flatMap(({ name: port, containerPort }) => (port ? [[port, containerPort]] : []));
  const namespaceLabels = namespaces.get(namespace) ?? {};
  return {
    name,
    ip: pod.status.podIP,
    pod: { namespace, namespaceLabels, labels, ports: Object.fromEntries(named) },
  };
}

/** `SERVICE-ADDRESS:PORT` to the first address and port behind it. */
function servicePlaces(
  services: readonly Manifest[],
  slices: readonly Manifest[],
): Map<string, [string, number]> {
  const places = new Map<string, [string, number]>();
  for (const { metadata, spec } of services) {
    const own = slices.filter(
      (slice) =>
        slice.metadata.namespace === metadata.namespace &&
        slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name,
    );
    for (const { name, port } of spec.ports ?? []) {
      for (const slice of own) {
        const behind = slice.ports?.find((each: Manifest) => (each.name ?? '') === (name ?? ''))?.port;
        const address = slice.endpoints?.[0]?.addresses?.[0];
        if (behind && address) places.set(`${spec.clusterIP}:${port}`, [address, behind]);
      }
    }
  }
  return places;
}

async function all(kind: string): Promise<Manifest[]> {
  return JSON.parse(await kubectl('get', kind, '--all-namespaces', '-o', 'json')).items;
}

async function drawAtlas(): Promise<Atlas> {
  const [pods, services, slices, spaces] = await Promise.all(
    ['pods', 'services', 'endpointslices', 'namespaces'].map(all),
  );
  const namespaces = new Map(
    (spaces ?? []).map(({ metadata }) => [metadata.name, metadata.labels ?? {}] as const),
  );
  const running = (pods ?? []).filter(({ status }) => status.podIP);
  const byIp = new Map(running.map((pod) => [pod.status.podIP as string, endpointOf(pod, namespaces)]));
  const behind = servicePlaces(services ?? [], slices ?? []);
  return {
    resolve(ip, port) {
      const [realIp, realPort] = behind.get(`${ip}:${port}`) ?? [ip, port];
      return { endpoint: byIp.get(realIp) ?? { name: realIp, ip: realIp }, port: realPort };
    },
  };
}

/** A connection as a policy sees it; null for the node's own, which none can stop: probes, port-forwards. */
function judged(own: Endpoint, seen: SeenConnection, atlas: Atlas): Connection | null {
  if (seen.direction === 'out') {
    const { endpoint: to, port } = atlas.resolve(seen.otherIp, seen.port);
    return { from: own, to, port };
  }
  const { endpoint: from } = atlas.resolve(seen.otherIp, 0);
  return from.pod ? { from, to: own, port: seen.port } : null;
}

async function inside(pod: Manifest, ...files: readonly string[]): Promise<string> {
  return kubectl('-n', pod.metadata.namespace, 'exec', pod.metadata.name, '--', 'cat', ...files);
}

/** Every connection that the release's pods have now, and their questions to the name server. */
export async function connectionsNow(release: Pick<Release, 'pods'>): Promise<Connection[]> {
  const atlas = await drawAtlas();
  const pods = (await Promise.all(LOOKED_INTO.map((component) => release.pods(component)))).flat();
  const found = pods.map(async (pod): Promise<Connection[]> => {
    const own = atlas.resolve(pod.status.podIP, 0).endpoint;
    const sockets = parseSockets(await inside(pod, '/proc/net/tcp', '/proc/net/tcp6'));
    const nameServer = /^nameserver (\S+)/m.exec(await inside(pod, '/etc/resolv.conf'))?.[1] ?? '';
    const { endpoint: to, port } = atlas.resolve(nameServer, 53);
    return [
      { from: own, to, port, protocol: 'UDP' },
      ...connectionsOf(sockets).flatMap((seen) => judged(own, seen, atlas) ?? []),
    ];
  });
  return (await Promise.all(found)).flat();
}

/** The policies of a namespace. */
export const policiesOf = (namespace: string) => list('networkpolicy', namespace);
