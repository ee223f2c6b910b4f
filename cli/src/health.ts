import type { QueueAnswer, RecoveryAnswer, TreeAnswer } from './answers.ts';
import { duration, plural } from './output/units.ts';

/** What `status` could learn; a part is null when the server could not tell. */
export interface Picture {
  readonly nowMs: number;
  readonly queues: readonly QueueAnswer[] | null;
  readonly tree: TreeAnswer | null;
  readonly recoveries: readonly RecoveryAnswer[] | null;
}

/** One thing that is not as it should be; `down` means that no work is done. */
export interface Finding {
  readonly level: 'down' | 'degraded';
  readonly about: 'store' | 'supervisor' | 'worker' | 'pod' | 'queue';
  readonly sentence: string;
}

/** A picture older than this is no news any more: supervisors publish at least every 2 s. */
const STALE_MS = 6_000;

function supervisorFindings(tree: TreeAnswer | null, nowMs: number): Finding[] {
  if (tree === null) {
    return [
      { level: 'degraded', about: 'supervisor', sentence: 'No supervisor: a dead worker’s jobs wait.' },
    ];
  }
  const silentMs = nowMs - tree.atMs;
  if (silentMs <= STALE_MS) return [];
  const sentence = `The supervisor has not spoken for ${duration(silentMs)}.`;
  return [{ level: 'degraded', about: 'supervisor', sentence }];
}

function workerFindings(tree: TreeAnswer): Finding[] {
  const running = tree.workers.filter((worker) => worker.state === 'running');
  const silent = tree.workers.filter((worker) => worker.state === 'suspect');
  const findings: Finding[] = [];
  if (running.length === 0) {
    const isComing = tree.pods.some((pod) => pod.state === 'starting');
    const sentence = `No worker is running${isComing ? ' yet, but a pod is starting' : ''}: no job is taken.`;
    findings.push({ level: 'down', about: 'worker', sentence });
  }
  if (silent.length > 0) {
    const ids = silent.map((worker) => worker.id).join(', ');
    findings.push({ level: 'degraded', about: 'worker', sentence: `Silent: ${ids}.` });
  }
  return findings;
}

function podFindings(tree: TreeAnswer): Finding[] {
  return tree.pods.flatMap((pod): Finding[] => {
    const { used, intensity, periodMs } = pod.restarts;
    if (pod.state === 'down')
      return [{ level: 'degraded', about: 'pod', sentence: `Pod ${pod.id} is down.` }];
    if (intensity === 0 || used < intensity) return [];
    const sentence = `Pod ${pod.id} has spent its ${plural(intensity, 'restart')} in ${duration(periodMs)}.`;
    return [{ level: 'degraded', about: 'pod', sentence }];
  });
}

function queueFindings(queues: readonly QueueAnswer[], tree: TreeAnswer | null): Finding[] {
  const served = new Set(tree?.workers.flatMap((worker) => worker.queues) ?? []);
  return queues.flatMap((queue): Finding[] => {
    const finding = (sentence: string): Finding[] => [{ level: 'degraded', about: 'queue', sentence }];
    if (queue.paused) return finding(`Queue ${queue.name} is paused.`);
    if (queue.depth >= queue.bound) return finding(`Queue ${queue.name} is full: adds are refused.`);
    if (tree && tree.workers.length > 0 && queue.depth > 0 && !served.has(queue.name)) {
      return finding(`Queue ${queue.name} holds ${plural(queue.depth, 'job')}, and no worker serves it.`);
    }
    return [];
  });
}

/** Decides whether the platform is healthy, and says each thing that is not, the worst first. */
export function assess(picture: Picture): {
  readonly health: 'healthy' | 'degraded' | 'down';
  readonly findings: readonly Finding[];
} {
  const { queues, tree, nowMs } = picture;
  if (queues === null) {
    const sentence = 'The store does not answer: no job is taken or accepted.';
    return { health: 'down', findings: [{ level: 'down', about: 'store', sentence }] };
  }
  const findings = [
    ...supervisorFindings(tree, nowMs),
    ...(tree ? [...workerFindings(tree), ...podFindings(tree)] : []),
    ...queueFindings(queues, tree),
  ].sort((a, b) => Number(b.level === 'down') - Number(a.level === 'down'));
  return { health: findings[0]?.level ?? 'healthy', findings };
}
