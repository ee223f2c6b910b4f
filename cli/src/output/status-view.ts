import type { QueueAnswer, TreeAnswer } from '../answers.ts';
import type { assess, Picture } from '../health.ts';
import type { Paint } from './colour.ts';
import { renderFacts, renderQueues } from './queue-view.ts';
import { renderRecoveries } from './recovery-view.ts';
import { printable } from './text-width.ts';
import { age, count, duration, plural, rate } from './units.ts';

interface Layout {
  readonly width: number;
  readonly paint: Paint;
}

function verdictLine(health: 'healthy' | 'degraded' | 'down', paint: Paint): string {
  if (health === 'healthy') return paint.green('● healthy');
  return health === 'degraded' ? paint.yellow('▲ degraded') : paint.red('✖ down');
}

function workersLine(tree: TreeAnswer): string {
  const states = new Map<string, number>();
  for (const { state } of tree.workers) states.set(state, (states.get(state) ?? 0) + 1);
  const running = tree.workers.filter((worker) => worker.state === 'running');
  const busy = running.reduce((sum, worker) => sum + worker.busy, 0);
  const slots = running.reduce((sum, worker) => sum + worker.concurrency, 0);
  const byState = [...states].map(([state, workers]) => `${workers} ${state}`).join(', ');
  return byState === '' ? 'none' : `${byState}; ${count(busy)} of ${count(slots)} slots busy`;
}

function podsLine(tree: TreeAnswer): string {
  const up = tree.pods.filter((pod) => pod.state === 'running').length;
  const restarts = tree.pods.reduce((sum, pod) => sum + pod.restarts.used, 0);
  return `${up} of ${count(tree.pods.length)} running${restarts > 0 ? `; ${plural(restarts, 'restart')} lately` : ''}`;
}

function queuesLine(queues: readonly QueueAnswer[]): string {
  const sum = (value: (queue: QueueAnswer) => number) =>
    queues.reduce((total, queue) => total + value(queue), 0);
  const drain = rate(sum((queue) => queue.drainPerSecond));
  return `${count(sum((queue) => queue.depth))} waiting in ${plural(queues.length, 'queue')}, drained at ${drain}`;
}

function facts(picture: Picture, url: string): (readonly [string, string])[] {
  const { queues, tree, nowMs } = picture;
  return [
    ['server', url],
    ['store', queues === null ? 'does not answer' : 'answers'],
    [
      'supervisor',
      tree === null
        ? 'none'
        : `${tree.supervisor.id}, up ${age(tree.supervisor.startedAtMs, nowMs)}, spoke ${duration(Math.max(0, nowMs - tree.atMs))} ago`,
    ],
    ...(tree === null
      ? []
      : ([
          ['pods', podsLine(tree)],
          ['workers', workersLine(tree)],
        ] as const)),
    ...(queues === null ? [] : ([['jobs', queuesLine(queues)]] as const)),
  ];
}

/** One screen: the verdict, what is wrong, who is there, the queues, the last deaths. */
export function renderStatus(
  picture: Picture,
  verdict: ReturnType<typeof assess>,
  url: string,
  layout: Layout,
): string {
  const { paint } = layout;
  const colours = { down: paint.red, degraded: paint.yellow, note: paint.cyan };
  const wrong = verdict.findings.map(({ level, sentence }) => colours[level](`  ${printable(sentence)}`));
  const blocks = [
    [verdictLine(verdict.health, paint), ...wrong].join('\n'),
    renderFacts(
      facts(picture, url).map(([label, value]) => [label, printable(value)] as const),
      paint,
    ),
  ];
  if (picture.queues && picture.queues.length > 0) blocks.push(renderQueues(picture.queues, layout));
  if (picture.recoveries && picture.recoveries.length > 0) {
    blocks.push(renderRecoveries(picture.recoveries, picture.nowMs, layout));
  }
  return blocks.join('\n\n');
}
