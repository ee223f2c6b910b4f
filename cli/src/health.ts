import type { QueueAnswer, TreeAnswer } from './answers.ts';
import type { RecoveryAnswer } from './death-answers.ts';
import { trialText } from './output/pool-view.ts';
import { duration, plural } from './output/units.ts';

/** What `status` could learn; a part is null when the server could not tell. */
export interface Picture {
  readonly nowMs: number;
  readonly queues: readonly QueueAnswer[] | null;
  readonly tree: TreeAnswer | null;
  readonly recoveries: readonly RecoveryAnswer[] | null;
  /** Letters that killed their process and that nobody has dealt with yet, by queue, among its newest. */
  readonly poison: readonly PoisonGlance[];
}

/** `isMore`: there are older letters, which were not looked at. */
export interface PoisonGlance {
  readonly queue: string;
  readonly letters: number;
  readonly isMore: boolean;
}

/** One thing to know; `down` means that no work is done, `note` that all is well but a person should look. */
export interface Finding {
  readonly level: 'down' | 'degraded' | 'note';
  readonly about: 'store' | 'supervisor' | 'worker' | 'pod' | 'pool' | 'queue' | 'letter';
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

function poolFindings({ pools }: TreeAnswer, nowMs: number): Finding[] {
  return pools.flatMap((pool): Finding[] => {
    const finding = (sentence: string): Finding[] => [{ level: 'degraded', about: 'pool', sentence }];
    const { name, state, circuit } = pool;
    if (state === 'waiting') return finding(`Pool ${name} waits for a pool before it.`);
    if (circuit !== null) {
      return finding(`Pool ${name} has given up: ${circuit.reason} ${trialText(circuit, nowMs)}`);
    }
    return state === 'half-open' ? finding(`Pool ${name} is on trial with one pod.`) : [];
  });
}

function poisonFindings({ poison }: Picture): Finding[] {
  return poison.map(({ queue, letters, isMore }) => ({
    level: 'note',
    about: 'letter',
    sentence: `Queue ${queue} has ${isMore ? 'at least ' : ''}${plural(letters, 'poison letter')}: millrace dlq list ${queue}`,
  }));
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
    if (queue.circuit !== null) {
      return finding(`Queue ${queue.name} takes no jobs: pool ${queue.circuit.pool} is down.`);
    }
    if (queue.paused) return finding(`Queue ${queue.name} is paused.`);
    if (queue.depth >= queue.bound) return finding(`Queue ${queue.name} is full: adds are refused.`);
    if (tree && tree.workers.length > 0 && queue.depth > 0 && !served.has(queue.name)) {
      return finding(`Queue ${queue.name} holds ${plural(queue.depth, 'job')}, and no worker serves it.`);
    }
    return [];
  });
}

const LEVELS: readonly Finding['level'][] = ['down', 'degraded', 'note'];

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
    ...(tree ? [...workerFindings(tree), ...poolFindings(tree, nowMs), ...podFindings(tree)] : []),
    ...queueFindings(queues, tree),
    ...poisonFindings(picture),
  ].sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  const worst = findings[0]?.level ?? 'note';
  return { health: worst === 'note' ? 'healthy' : worst, findings };
}
