import { BlockList, isIPv6 } from 'node:net';

type Labels = Readonly<Record<string, string>>;

interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    readonly values?: readonly string[];
  }[];
}

interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly {
    readonly protocol?: string;
    readonly port?: number | string;
    readonly endPort?: number;
  }[];
}

/** A networking.k8s.io/v1 NetworkPolicy, as far as it decides. */
export interface NetworkPolicy {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: {
    readonly podSelector: Selector;
    readonly policyTypes?: readonly ('Ingress' | 'Egress')[];
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
  };
}

/** One side of a connection. Without `pod` it is an address outside of the cluster's pods. */
export interface Endpoint {
  readonly name: string;
  readonly ip: string;
  readonly pod?: {
    readonly namespace: string;
    readonly namespaceLabels: Labels;
    readonly labels: Labels;
    /** Named container ports. */
    readonly ports: Readonly<Record<string, number>>;
  };
}

export interface Connection {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly port: number;
  readonly protocol?: 'TCP' | 'UDP';
}

/** Where the specification leaves a choice to the network plugin. */
export interface Plugin {
  /** Whether an ipBlock also matches the addresses of pods. */
  readonly ipBlocksMatchPods: boolean;
}

function selects(selector: Selector, labels: Labels): boolean {
  const byLabel = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return (
    byLabel &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      const listed = value !== undefined && values.includes(value);
      return operator === 'In' ? listed : !listed;
    })
  );
}

function inBlock(ip: string, cidr: string): boolean {
  const [address = '', bits] = cidr.split('/');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  if (isIPv6(ip) !== isIPv6(address)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  return list.check(ip, family);
}

function matchesPeer(peer: Peer, other: Endpoint, policyNamespace: string, plugin: Plugin): boolean {
  const { ipBlock, podSelector, namespaceSelector } = peer;
  if (ipBlock) {
    if (other.pod && !plugin.ipBlocksMatchPods) return false;
    return inBlock(other.ip, ipBlock.cidr) && !(ipBlock.except ?? []).some((hole) => inBlock(other.ip, hole));
  }
  if (!other.pod) return false;
  const inNamespace = namespaceSelector
    ? selects(namespaceSelector, other.pod.namespaceLabels)
    : other.pod.namespace === policyNamespace;
  return inNamespace && selects(podSelector ?? {}, other.pod.labels);
}

function matchesPort(rule: Rule, { to, port, protocol = 'TCP' }: Connection): boolean {
  if (!rule.ports?.length) return true;
  return rule.ports.some((allowed) => {
    if ((allowed.protocol ?? 'TCP') !== protocol) return false;
    if (allowed.port === undefined) return true;
    const first = typeof allowed.port === 'string' ? to.pod?.ports[allowed.port] : allowed.port;
    return first !== undefined && port >= first && port <= (allowed.endPort ?? first);
  });
}

/** Without `policyTypes` a policy isolates incoming traffic, and outgoing too if it has rules for it. */
function isolates(policy: NetworkPolicy, direction: 'Ingress' | 'Egress'): boolean {
  const { policyTypes, egress } = policy.spec;
  return policyTypes?.includes(direction) ?? (direction === 'Ingress' || egress !== undefined);
}

function passes(
  policies: readonly NetworkPolicy[],
  direction: 'Ingress' | 'Egress',
  connection: Connection,
  plugin: Plugin,
): boolean {
  const [here, there] =
    direction === 'Ingress' ? [connection.to, connection.from] : [connection.from, connection.to];
  const { pod } = here;
  if (!pod) return true;
  const applying = policies.filter(
    (policy) =>
      (policy.metadata.namespace ?? 'default') === pod.namespace &&
      selects(policy.spec.podSelector, pod.labels) &&
      isolates(policy, direction),
  );
  if (applying.length === 0) return true;
  return applying.some((policy) =>
    ((direction === 'Ingress' ? policy.spec.ingress : policy.spec.egress) ?? []).some((rule) => {
      const peers = (direction === 'Ingress' ? rule.from : rule.to) ?? [];
      const byPeer =
        peers.length === 0 || peers.some((peer) => matchesPeer(peer, there, pod.namespace, plugin));
      return byPeer && matchesPort(rule, connection);
    }),
  );
}

/**
 * Whether a new connection is let through, as the NetworkPolicy API defines it: both the sender's egress and the
 * receiver's ingress must allow it, and a pod that no policy selects for a direction is open in that direction.
 */
export function isAllowed(
  policies: readonly NetworkPolicy[],
  connection: Connection,
  plugin: Plugin,
): boolean {
  return passes(policies, 'Egress', connection, plugin) && passes(policies, 'Ingress', connection, plugin);
}
