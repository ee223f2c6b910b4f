import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTree } from './read-tree.ts';
import { imaginedCluster } from './testing.ts';

const limits = 'intensity: 2, periodMs: 10000, openMs: 1000, trialMs: 2000, backoffMs: 200';
const two = `{supervision: {${limits}}, pools: {default: {pods: 2}}}`;

function started(yaml = two) {
  const cluster = imaginedCluster(yaml);
  cluster.start();
  cluster.done();
  return cluster;
}

describe('a leader that follows another', () => {
  test('goes on where it was: budget, backoff, circuit', () => {
    const cluster = started();
    cluster.die('default');
    cluster.takeOver();
    expect(cluster.status()[0]?.restarts.used).toBe(1);
    cluster.die('default');
    cluster.takeOver();
    cluster.pass(200);
    expect(cluster.states()).toEqual(['default running 2']);
    cluster.ruin('default');
    cluster.takeOver();
    expect(cluster.openQueues()).toEqual(['mail', 'video']);
    cluster.pass(1_000);
    cluster.takeOver();
    expect(cluster.state('default')).toBe('half-open');
    cluster.pass(2_000);
    expect(cluster.states()).toEqual(['default running 2']);
  });

  test('without anything saved takes the pods that live, and ends those that are too many or of no pool', () => {
    const cluster = imaginedCluster(two);
    for (const pod of ['a', 'b', 'c']) cluster.alive.set(pod, 'default');
    cluster.alive.set('d', 'former');
    cluster.takeOver([], {}, null);
    expect(cluster.states()).toEqual(['default running 2']);
    cluster.settle();
    expect([...cluster.alive.keys()]).toEqual(['a', 'b']);
    expect(cluster.status()[0]?.restarts.used).toBe(0);
  });

  test('makes an end good that nobody heard of, at no cost: it may have been the machine’s', () => {
    const cluster = started();
    cluster.takeOver(cluster.podsOf('default'));
    cluster.settle();
    expect(cluster.states()).toEqual(['default running 2']);
    expect(cluster.status()[0]?.restarts.used).toBe(0);
  });

  test('counts a death that it heard of itself', () => {
    const cluster = started();
    const [dead = ''] = cluster.podsOf('default');
    cluster.takeOver([], { [dead]: 'abnormal' });
    cluster.settle();
    expect(cluster.status()[0]?.restarts.used).toBe(1);
  });

  test('repeats the order to create a pod, and does not make a second one', () => {
    const cluster = imaginedCluster('{pools: {default: {pods: 1}}}');
    // The order of the one before was given, and perhaps not heard.
    cluster.takeOver();
    const [pod = ''] = cluster.podsOf('default');
    cluster.takeOver([pod]);
    expect(cluster.podsOf('default')).toEqual([pod]);
    cluster.settle();
    expect(cluster.states()).toEqual(['default running 1']);
    expect(cluster.status()[0]?.restarts.used).toBe(0);
  });

  test('takes a pod that was made after the last save', () => {
    const cluster = started('{pools: {default: {pods: 1}}}');
    const saved = cluster.tree;
    cluster.end('default');
    cluster.settle();
    const [pod] = cluster.podsOf('default');
    cluster.takeOver([], {}, saved);
    cluster.settle();
    expect(cluster.podsOf('default')).toEqual([pod]);
  });

  test('owns a pod that lives under an id of which an end was heard once', () => {
    const cluster = started('{pools: {default: {pods: 1}}}');
    const [pod = ''] = cluster.podsOf('default');
    cluster.takeOver([], { [pod]: 'abnormal' }, cluster.tree, [pod]);
    cluster.settle();
    expect(cluster.podsOf('default')).toEqual([pod]);
    expect(cluster.states()).toEqual(['default running 1']);
    expect(cluster.tree.pools[0]?.spare).toEqual([]);
  });

  test('begins anew with a pool whose settings have changed', () => {
    const cluster = started();
    cluster.ruin('default');
    const saved = cluster.tree;
    const changed = imaginedCluster(two.replace('pods: 2', 'pods: 3'));
    changed.takeOver([], {}, saved);
    changed.settle();
    expect(changed.states()).toEqual(['default running 3']);
  });

  test('does not believe what is no tree', () => {
    for (const saved of [null, 'noise', { version: 2 }, []]) {
      const cluster = imaginedCluster(two);
      cluster.takeOver([], {}, saved);
      cluster.settle();
      expect(cluster.states()).toEqual(['default running 2']);
    }
  });
});

/** Every path in a value of plain JSON. */
function pathsIn(value: unknown): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => [
    [key],
    ...pathsIn(part).map((rest) => [key, ...rest]),
  ]);
}

/** A copy whose part at `path` is `to`, or left out. */
function mangled(value: unknown, path: readonly string[], to: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(value));
  const holder = path.slice(0, -1).reduce((part, key) => part[key], copy);
  holder[path.at(-1) ?? ''] = to;
  return JSON.parse(JSON.stringify(copy));
}

test('a tree with any part missing or strange brings down nobody, now or later', () => {
  const good = started();
  good.die('default');
  good.die('default');
  const ruined = started();
  ruined.ruin('default');
  for (const tree of [good.tree, ruined.tree]) {
    expect(readTree(tree)).toEqual(tree);
    for (const path of pathsIn(tree)) {
      for (const to of [undefined, null, 'strange', -1, [], {}, [{}]]) {
        const cluster = imaginedCluster(two);
        cluster.takeOver([], {}, mangled(tree, path, to));
        cluster.status();
        cluster.pass(1_500, 500);
        for (const pool of readTree(mangled(tree, path, to))?.pools ?? []) {
          expect(pool.engine.spec.children).toBeInstanceOf(Array);
        }
      }
    }
  }
});

test('a pod that starts late and that no child asked for is taken, or ended', () => {
  const cluster = started();
  cluster.alive.set('late', 'default');
  cluster.tell({ type: 'pod-started', pod: 'late', pool: 'default' });
  cluster.settle();
  expect(cluster.alive.has('late')).toBe(false);
  cluster.alive.set('lost', 'former');
  cluster.tell({ type: 'pod-started', pod: 'lost', pool: 'former' });
  cluster.settle();
  expect(cluster.alive.has('lost')).toBe(false);
});

describe('whatever happens', () => {
  const pools = ['cache', 'mail', 'video'];
  const yaml = (strategy: string, inner: string) => `
supervision: {${limits}, strategy: ${strategy}}
pools:
  cache: {pods: 1, queues: [cache]}
  mail: {pods: 3, queues: [mail], strategy: ${inner}}
  video: {pods: 2, queues: [mail, video], restart: transient}
`;
  const strategies = fc.constantFrom('one_for_one', 'one_for_all', 'rest_for_one');
  const happening = fc.oneof(
    fc.record({ what: fc.constant('die' as const), pool: fc.constantFrom(...pools) }),
    fc.record({ what: fc.constant('replaced' as const), pool: fc.constantFrom(...pools) }),
    fc.record({ what: fc.constant('resume' as const), pool: fc.constantFrom(...pools) }),
    fc.record({ what: fc.constant('pass' as const), ms: fc.constantFrom(50, 200, 1_000, 3_000) }),
    fc.record({ what: fc.constant('settle' as const) }),
    fc.record({ what: fc.constant('lead' as const), lost: fc.nat(2) }),
  );
  type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

  function happen(cluster: ReturnType<typeof imaginedCluster>, event: Happening): void {
    if (event.what === 'die') cluster.end(event.pool);
    if (event.what === 'replaced') cluster.end(event.pool, 'replaced');
    if (event.what === 'resume') cluster.tell({ type: 'resume', pool: event.pool });
    if (event.what === 'pass') cluster.pass(event.ms, 50);
    if (event.what === 'settle') cluster.settle();
    if (event.what === 'lead') cluster.takeOver([...cluster.alive.keys()].slice(0, event.lost));
  }

  test('no pool has more pods than it wants, and once the dying ends every pool is whole and every circuit lifted', () => {
    fc.assert(
      fc.property(strategies, strategies, fc.array(happening, { maxLength: 60 }), (root, inner, events) => {
        const cluster = imaginedCluster(yaml(root, inner));
        cluster.start();
        for (const event of events) {
          happen(cluster, event);
          const placed = cluster.tree.pools.flatMap(({ pods, spare }) => [...Object.values(pods), ...spare]);
          expect(new Set(placed).size).toBe(placed.length);
        }
        cluster.settle();
        for (const { name, desired } of cluster.status()) {
          expect(cluster.podsOf(name).length).toBeLessThanOrEqual(desired);
        }
        // Trials of several pools may follow each other; each may wait its longest.
        for (let round = 0; round < 8; round++) {
          cluster.jump(300_000);
          cluster.pass(6_000);
        }
        expect(cluster.states()).toEqual(['cache running 1', 'mail running 3', 'video running 2']);
        expect(cluster.openQueues()).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
