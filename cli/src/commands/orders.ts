import { MillraceError } from '@millrace/core';
import { anythingSchema, treeSchema } from '../answers.ts';
import { durationArgument } from '../arguments.ts';
import { answer, type Call } from '../call.ts';
import { canAsk, confirm } from '../confirm.ts';
import { path } from '../http-client.ts';
import { duration, plural } from '../output/units.ts';
import { action, type Verb, verb } from '../verb.ts';
import { chooseTarget, type Target } from '../worker-choice.ts';
import { readWorkers } from './workers.ts';

const WORKER = ['<worker>', 'a worker’s id or the beginning of it, or a pod’s id'] as const;
/** How often a waiting drain looks again. */
const LOOK_EVERY_MS = 250;
/** Longest `drain --wait` when no time is given: a worker’s own limit is 25 s. */
const WAIT_DEFAULT_MS = 60_000;

function describe(target: Target): string {
  const busy = target.workers.reduce((sum, worker) => sum + worker.busy, 0);
  const of = target.kind === 'pod' ? ` with ${plural(target.workers.length, 'worker process')}` : '';
  return `${target.kind} ${target.id}${of} (${plural(busy, 'running job')})`.replace('processs', 'processes');
}

async function send(call: Call, order: 'drain' | 'kill', target: Target): Promise<object> {
  const route = path('workers', target.id, order);
  return (await call.http.exchange(route, anythingSchema, { method: 'POST' })).body;
}

interface KillOptions {
  readonly yes?: boolean;
}

async function kill(call: Call, wanted: string, options: KillOptions): Promise<void> {
  const target = chooseTarget(await readWorkers(call), wanted);
  if (!options.yes && canAsk(call)) {
    const sure = await confirm(call, `Kill ${describe(target)}? The jobs run again elsewhere.`);
    if (!sure) throw new MillraceError('interrupted', 'Nothing was killed.');
  }
  const { id, kind } = target;
  const order = await send(call, 'kill', target);
  answer(
    call,
    { ...order, target: id, kind },
    () => `Told to kill ${describe(target)}. See "millrace recoveries".`,
  );
}

/** `millrace kill WORKER` */
export const killVerb: Verb = (context) =>
  verb('kill', 'Kill a worker process or a pod at once; its jobs run again elsewhere')
    .argument(...WORKER)
    .option('-y, --yes', 'do not ask')
    .action(action(context, kill));

interface DrainOptions {
  readonly wait?: number | true;
}

/** Resolves to true once no worker of the target is left, to false after `limitMs`. */
async function untilGone(call: Call, target: Target, limitMs: number): Promise<boolean> {
  const startedMs = call.clock.monotonicMs();
  const starts = new Set(target.workers.map((worker) => worker.id));
  for (;;) {
    const { body } = await call.http.exchange(path('tree'), treeSchema);
    const left = body.workers.filter((worker) => starts.has(worker.id) && worker.state !== 'dead');
    if (left.length === 0) return true;
    if (call.clock.monotonicMs() - startedMs >= limitMs) return false;
    await call.clock.sleep(LOOK_EVERY_MS, call.signal).catch(() => {
      throw new MillraceError('interrupted', 'No longer waiting; the drain goes on.');
    });
  }
}

async function drain(call: Call, wanted: string, options: DrainOptions): Promise<void> {
  const target = chooseTarget(await readWorkers(call), wanted);
  const { id, kind } = target;
  const order = await send(call, 'drain', target);
  const limitMs = options.wait === true ? WAIT_DEFAULT_MS : (options.wait ?? 0);
  const drained = limitMs > 0 && (await untilGone(call, target, limitMs));
  if (limitMs > 0 && !drained) {
    throw new MillraceError(
      'interrupted',
      `${id} is not drained after ${duration(limitMs)}; the drain goes on.`,
    );
  }
  answer(call, { ...order, target: id, kind, drained }, () =>
    drained ? `Drained ${kind} ${id}.` : `Told to drain ${describe(target)}: it takes no more jobs.`,
  );
}

/** `millrace drain WORKER` */
export const drainVerb: Verb = (context) =>
  verb('drain', 'Let a worker process or a pod finish its jobs and end; another takes its place')
    .argument(...WORKER)
    .option('-w, --wait [duration]', 'wait until it is gone, at most this long (60s)', durationArgument)
    .action(action(context, drain));
