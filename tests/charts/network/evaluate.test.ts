import { describe, expect, it } from 'vitest';
import { type Connection, type Endpoint, isAllowed, type NetworkPolicy } from './evaluate.ts';

const pod = (name: string, labels: Record<string, string>, namespace = 'ns', ip = '10.1.0.9'): Endpoint => ({
  name,
  ip,
  pod: {
    namespace,
    namespaceLabels: { 'kubernetes.io/metadata.name': namespace },
    labels,
    ports: { web: 80 },
  },
});
const policy = (spec: NetworkPolicy['spec']): NetworkPolicy => ({
  metadata: { name: 'p', namespace: 'ns' },
  spec,
});
const a = pod('a', { app: 'a' });
const b = pod('b', { app: 'b' });
const stranger = pod('stranger', { app: 'a' }, 'elsewhere');
const outside: Endpoint = { name: 'outside', ip: '203.0.113.7' };
const strict = { ipBlocksMatchPods: true };
const may = (policies: NetworkPolicy[], connection: Connection, plugin = strict) =>
  isAllowed(policies, connection, plugin);

describe('a pod that no policy selects', () => {
  it('is open', () => {
    expect(may([], { from: a, to: b, port: 80 })).toBe(true);
    const other = policy({ podSelector: { matchLabels: { app: 'c' } }, policyTypes: ['Ingress'] });
    expect(may([other], { from: a, to: b, port: 80 })).toBe(true);
  });

  it('is open in the direction that its policies do not name', () => {
    const ingressOnly = policy({ podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'] });
    expect(may([ingressOnly], { from: a, to: b, port: 80 })).toBe(true);
    expect(may([ingressOnly], { from: b, to: a, port: 80 })).toBe(false);
  });

  it('is not touched by a policy of another namespace', () => {
    const there = { ...policy({ podSelector: {} }), metadata: { name: 'p', namespace: 'elsewhere' } };
    expect(may([there], { from: a, to: b, port: 80 })).toBe(true);
  });
});

describe('peers', () => {
  const toB = (from: object) =>
    policy({ podSelector: { matchLabels: { app: 'b' } }, ingress: [{ from: [from] }] });

  it('by pod label are those of the policy’s namespace', () => {
    const rule = toB({ podSelector: { matchLabels: { app: 'a' } } });
    expect(may([rule], { from: a, to: b, port: 80 })).toBe(true);
    expect(may([rule], { from: stranger, to: b, port: 80 })).toBe(false);
    expect(may([rule], { from: outside, to: b, port: 80 })).toBe(false);
  });

  it('by namespace and pod must match both', () => {
    const rule = toB({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'elsewhere' } },
      podSelector: { matchLabels: { app: 'a' } },
    });
    expect(may([rule], { from: stranger, to: b, port: 80 })).toBe(true);
    expect(may([rule], { from: a, to: b, port: 80 })).toBe(false);
  });

  it('by address have holes, and match pods only where the plugin says so', () => {
    const rule = toB({ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } });
    expect(may([rule], { from: outside, to: b, port: 80 })).toBe(true);
    expect(may([rule], { from: a, to: b, port: 80 })).toBe(false);
    const open = toB({ ipBlock: { cidr: '10.0.0.0/8' } });
    expect(may([open], { from: a, to: b, port: 80 })).toBe(true);
    expect(may([open], { from: a, to: b, port: 80 }, { ipBlocksMatchPods: false })).toBe(false);
  });

  it('of an IPv6 block are not IPv4 addresses', () => {
    const rule = toB({ ipBlock: { cidr: '::/0' } });
    expect(may([rule], { from: outside, to: b, port: 80 })).toBe(false);
    expect(may([rule], { from: { name: 'six', ip: '2001:db8::1' }, to: b, port: 80 })).toBe(true);
  });

  it.each([
    ['In', ['a', 'x'], true],
    ['NotIn', ['a'], false],
    ['NotIn', ['x'], true],
    ['Exists', undefined, true],
    ['DoesNotExist', undefined, false],
  ] as const)('by expression: %s %j', (operator, values, expected) => {
    const rule = toB({
      podSelector: { matchExpressions: [{ key: 'app', operator, ...(values && { values }) }] },
    });
    expect(may([rule], { from: a, to: b, port: 80 })).toBe(expected);
  });
});

describe('ports', () => {
  const rule = (ports: object[]) =>
    policy({ podSelector: { matchLabels: { app: 'b' } }, ingress: [{ ports }] as never });

  it('are numbers, ranges and names of the receiver, of one protocol', () => {
    expect(may([rule([{ port: 80 }])], { from: a, to: b, port: 80 })).toBe(true);
    expect(may([rule([{ port: 80 }])], { from: a, to: b, port: 81 })).toBe(false);
    expect(may([rule([{ port: 80, endPort: 90 }])], { from: a, to: b, port: 85 })).toBe(true);
    expect(may([rule([{ port: 'web' }])], { from: a, to: b, port: 80 })).toBe(true);
    expect(may([rule([{ port: 'dns' }])], { from: a, to: b, port: 80 })).toBe(false);
    expect(may([rule([{ port: 80, protocol: 'UDP' }])], { from: a, to: b, port: 80 })).toBe(false);
  });
});

describe('both sides', () => {
  it('must agree, and policies add up', () => {
    const out = policy({ podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Egress'], egress: [] });
    expect(may([out], { from: a, to: b, port: 80 })).toBe(false);
    const also = policy({
      podSelector: { matchLabels: { app: 'a' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ podSelector: { matchLabels: { app: 'b' } } }] }],
    });
    expect(may([out, also], { from: a, to: b, port: 80 })).toBe(true);
    const closed = policy({ podSelector: { matchLabels: { app: 'b' } }, ingress: [] });
    expect(may([out, also, closed], { from: a, to: b, port: 80 })).toBe(false);
  });

  it('without policyTypes, rules for egress isolate egress too', () => {
    const implied = policy({ podSelector: { matchLabels: { app: 'a' } }, egress: [] });
    expect(may([implied], { from: a, to: b, port: 80 })).toBe(false);
    const none = policy({ podSelector: { matchLabels: { app: 'a' } } });
    expect(may([none], { from: a, to: b, port: 80 })).toBe(true);
  });
});
