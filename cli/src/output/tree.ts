import type { PodAnswer, PoolAnswer, TreeAnswer, WorkerAnswer } from '../answers.ts';
import type { Paint } from './colour.ts';
import { budgetText, poolColour, trialText } from './pool-view.ts';
import { printable, truncate } from './text-width.ts';
import { age, bytes } from './units.ts';

/** A node of a drawn tree: its line, and what hangs below it. */
interface Node {
  readonly text: string;
  readonly children: readonly Node[];
  readonly colour: (text: string) => string;
}

function drawChildren(children: readonly Node[], indent: string, width: number): string[] {
  return children.flatMap((child, at) => {
    const last = at === children.length - 1;
    const text = truncate(printable(child.text), width - indent.length - 3);
    return [
      `${indent}${last ? '└─ ' : '├─ '}${child.colour(text)}`,
      ...drawChildren(child.children, `${indent}${last ? '   ' : '│  '}`, width),
    ];
  });
}

/** Green is well, yellow passes, red needs a look; the state is in the text too, for screens without colours. */
export function stateColour(paint: Paint, state: string): (text: string) => string {
  if (state === 'running') return paint.green;
  if (state === 'suspect' || state === 'dead' || state === 'down') return paint.red;
  return state === 'standby' ? paint.dim : paint.yellow;
}

function workerNode(worker: WorkerAnswer, atMs: number, paint: Paint): Node {
  const place = worker.slot === null ? 'standby' : `slot ${worker.slot}`;
  const facts = [
    worker.state,
    worker.state === 'standby' || worker.state === 'dead' ? '' : `${worker.busy}/${worker.concurrency} busy`,
    bytes(worker.rssBytes),
    worker.state === 'dead' ? '' : `up ${age(worker.startedAtMs, atMs)}`,
    worker.state === 'suspect' ? `silent for ${age(worker.lastBeatMs, atMs)}` : '',
  ].filter((fact) => fact !== '' && fact !== place);
  const text = `${place}  ${shortStart(worker.id)}  pid ${worker.pid}  ${facts.join(', ')}`;
  return { text, children: [], colour: stateColour(paint, worker.state) };
}

function bySlot(a: WorkerAnswer, b: WorkerAnswer): number {
  const rank = (worker: WorkerAnswer) => worker.slot ?? Number.MAX_SAFE_INTEGER;
  return rank(a) - rank(b) || a.id.localeCompare(b.id);
}

function podNode(pod: PodAnswer, tree: TreeAnswer, paint: Paint): Node {
  const { used, intensity } = pod.restarts;
  const spent = intensity > 0 && used >= intensity;
  const facts = [
    pod.state,
    // A pod that has not said hello yet has told no budget.
    intensity === 0 ? '' : `restarts ${budgetText(pod.restarts)}${spent ? ' (spent)' : ''}`,
    `up ${age(pod.startedAtMs, tree.atMs)}`,
  ].filter((fact) => fact !== '');
  return {
    text: `${pod.id}  pid ${pod.pid}  ${facts.join(', ')}`,
    children: tree.workers
      .filter((worker) => worker.pod === pod.id)
      .sort(bySlot)
      .map((worker) => workerNode(worker, tree.atMs, paint)),
    colour: spent ? paint.red : stateColour(paint, pod.state),
  };
}

/** Why a pool's queues take no jobs, and when it is tried again. */
function circuitNodes({ circuit, state }: PoolAnswer, atMs: number, paint: Paint): Node[] {
  if (circuit === null) return [];
  const text = `circuit open for ${age(circuit.sinceMs, atMs)}: ${circuit.reason}`;
  return [text, ...(state === 'waiting' ? [] : [trialText(circuit, atMs)])].map((line) => ({
    text: line,
    children: [],
    colour: paint.red,
  }));
}

function poolNode(pool: PoolAnswer, tree: TreeAnswer, paint: Paint): Node {
  const pods = tree.pods.filter((pod) => pod.pool === pool.name);
  const facts = [
    pool.state,
    `${pool.pods} of ${pool.desired} pods`,
    pool.strategy,
    `restarts ${budgetText(pool.restarts)}`,
  ];
  return {
    text: `pool ${pool.name}  ${facts.join(', ')}`,
    children: [...circuitNodes(pool, tree.atMs, paint), ...pods.map((pod) => podNode(pod, tree, paint))],
    colour: pool.state === 'running' ? paint.bold : poolColour(paint, pool.state),
  };
}

/** The pools that the leader keeps, in its order, then those that only pods speak of. */
function poolNodes(tree: TreeAnswer, paint: Paint): Node[] {
  const known = new Set(tree.pools.map((pool) => pool.name));
  const others = [...new Set(tree.pods.map((pod) => pod.pool))].filter((pool) => !known.has(pool)).sort();
  return [
    ...tree.pools.map((pool) => poolNode(pool, tree, paint)),
    ...others.map((pool) => ({
      text: `pool ${pool}`,
      children: tree.pods.filter((pod) => pod.pool === pool).map((pod) => podNode(pod, tree, paint)),
      colour: paint.bold,
    })),
  ];
}

/** Workers whose pod has not said hello (or has gone before them) still belong into the picture. */
function strayNodes(tree: TreeAnswer, paint: Paint): Node[] {
  const pods = new Set(tree.pods.map((pod) => pod.id));
  const strays = tree.workers.filter((worker) => !pods.has(worker.pod));
  const node = (text: string, workers: readonly WorkerAnswer[], colour: Node['colour']): Node[] => {
    const children = workers.map((worker) => workerNode(worker, tree.atMs, paint));
    return children.length === 0 ? [] : [{ text, children, colour }];
  };
  return [
    ...node(
      'without a pod',
      strays.filter((worker) => worker.state !== 'dead'),
      paint.red,
    ),
    ...node(
      'ended lately',
      strays.filter((worker) => worker.state === 'dead'),
      paint.dim,
    ),
  ];
}

/** `pod-1.8f3a11c2d4e5f607` → `8f3a11c2`: enough to tell a start apart, and to name it to `drain` and `kill`. */
export function shortStart(id: string): string {
  return id.slice(id.lastIndexOf('.') + 1).slice(0, 8);
}

/** The supervision tree: supervisor, pools, pods with their restart budget, worker processes. */
export function renderTree(tree: TreeAnswer, layout: { width: number; paint: Paint }): string {
  const { supervisor } = tree;
  const root = `supervisor ${supervisor.id}  pid ${supervisor.pid}, up ${age(supervisor.startedAtMs, tree.atMs)}`;
  const nodes = [...poolNodes(tree, layout.paint), ...strayNodes(tree, layout.paint)];
  const empty = nodes.length === 0 ? ['└─ no pods'] : [];
  return [truncate(printable(root), layout.width), ...drawChildren(nodes, '', layout.width), ...empty].join(
    '\n',
  );
}
