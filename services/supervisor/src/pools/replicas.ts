import { newPool, type PoolNode, type PoolSettings } from './tree.ts';

/**
 * A pool whose pods are made by a controller, as a node of the same tree: its children are the pods that live, in the
 * order in which they started; its specification has a child for each pod that is wanted.
 */
export function newReplicas(settings: PoolSettings): PoolNode {
  const pool = newPool(settings);
  return { ...pool, engine: { ...pool.engine, mode: 'running', children: [] } };
}

export function withPod(node: PoolNode, pod: string): Partial<PoolNode> {
  if (node.engine.children.some(({ id }) => id === pod)) return {};
  const children = [...node.engine.children, { id: pod, status: 'running' as const }];
  return { engine: { ...node.engine, children }, pods: { ...node.pods, [pod]: pod } };
}

export function withoutPod(node: PoolNode, pod: string): Partial<PoolNode> {
  const { [pod]: _gone, ...pods } = node.pods;
  const children = node.engine.children.filter(({ id }) => id !== pod);
  return { engine: { ...node.engine, children }, pods };
}

/** As many children in the specification as pods are wanted; all of them are told the same. */
export function withSize(
  node: PoolNode,
  { restart, graceMs }: PoolSettings,
  wanted: number,
): Partial<PoolNode> {
  const { spec } = node.engine;
  if (spec.children.length === wanted) return {};
  const child = { restart, shutdown: graceMs };
  const children = Array.from({ length: wanted }, (_, at) => ({ id: `${node.name}/${at}`, ...child }));
  return { engine: { ...node.engine, spec: { ...spec, children } } };
}
