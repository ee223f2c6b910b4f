import type { Log } from '@millrace/core';
import { keepPools, type TreeEvent, type TreeStep, type TreeSurroundings } from './keep-pools.ts';
import { keepReplicas, type ReplicaEvent } from './keep-replicas.ts';
import { type Findings, takeOverIfItFits } from './take-over.ts';
import { takeOverReplicas } from './take-over-replicas.ts';
import type { Tree } from './tree.ts';

export type PoolEvent = TreeEvent | ReplicaEvent;

/** How the tree is kept, by who makes the pods. */
export interface PoolFold {
  step(tree: Tree, event: PoolEvent, surroundings: TreeSurroundings): TreeStep;
  takeOver(saved: unknown, findings: Findings, surroundings: TreeSurroundings, log: Log): TreeStep;
}

/** We make the pods: each pool is a whole OTP supervisor. */
const OURS: PoolFold = {
  step: (tree, event, surroundings) =>
    event.type === 'sized' ? { tree, actions: [] } : keepPools(tree, event, surroundings),
  takeOver: takeOverIfItFits,
};

/** Controllers of the cluster make them. */
const THEIRS: PoolFold = {
  step: keepReplicas,
  takeOver: (saved, findings, surroundings, log) =>
    takeOverIfItFits(saved, findings, surroundings, log, takeOverReplicas),
};

export function poolFold(isMadeByControllers: boolean): PoolFold {
  return isMadeByControllers ? THEIRS : OURS;
}
