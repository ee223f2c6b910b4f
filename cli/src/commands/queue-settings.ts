import { type QueueAnswer, queueSchema } from '../answers.ts';
import { queueArgument, wholeNumber } from '../arguments.ts';
import { answer, type Call } from '../call.ts';
import { path } from '../http-client.ts';
import { printable } from '../output/text-width.ts';
import { count, plural } from '../output/units.ts';
import { withQueueAdvice } from '../queue-advice.ts';
import { action, type Verb, verb } from '../verb.ts';
import { readQueue } from './queues.ts';

const QUEUE = ['<queue>', 'name of the queue', queueArgument] as const;

/** Changes a queue and tells in a sentence what it is now. */
async function change(
  call: Call,
  name: string,
  patch: object,
  sentence: (queue: QueueAnswer) => string,
): Promise<void> {
  const exchange = call.http.exchange(path('queues', name), queueSchema, { method: 'PATCH', body: patch });
  const { body } = await withQueueAdvice(call, name, exchange);
  answer(call, body, () => sentence(body));
}

/** `millrace pause QUEUE` */
export const pauseVerb: Verb = (context) =>
  verb('pause', 'Stop handing out jobs of a queue; running jobs finish, adds go on up to the bound')
    .argument(...QUEUE)
    .action(
      action(context, (call, queue: string) =>
        change(call, queue, { paused: true }, (now) => `Paused ${queue}: ${plural(now.depth, 'job')} wait.`),
      ),
    );

/** What a resume came to: a circuit is no pause by a person, and stays. */
function resumed({ name, depth, circuit }: QueueAnswer): string {
  if (circuit === null) return `Resumed ${name}: ${plural(depth, 'job')} to go.`;
  const pool = printable(circuit.pool);
  return [
    `${name} is not paused by anybody any more, but its circuit is open: ${plural(depth, 'job')} wait for pool ${pool}.`,
    printable(circuit.reason),
    `At once: millrace pools resume ${pool}`,
  ].join('\n');
}

/** `millrace resume QUEUE` */
export const resumeVerb: Verb = (context) =>
  verb('resume', 'Hand out jobs of a paused queue again')
    .argument(...QUEUE)
    .action(action(context, (call, queue: string) => change(call, queue, { paused: false }, resumed)));

async function showBound(call: Call, name: string): Promise<void> {
  const queue = await readQueue(call, name);
  const { bound, depth, maxDepth, bytes, maxBytes } = queue;
  answer(
    call,
    { queue: name, bound, depth, maxDepth, bytes, maxBytes },
    () =>
      `${name} takes up to ${plural(bound, 'job')}; it holds ${count(depth)} (highest ${count(maxDepth)}).`,
  );
}

/** `millrace bound QUEUE [JOBS]` */
export const boundVerb: Verb = (context) =>
  verb('bound', 'Show or set how many jobs a queue takes before it refuses')
    .argument(...QUEUE)
    .argument('[jobs]', 'the new bound; jobs above it stay', wholeNumber(1, 10_000_000))
    .action(
      action(context, (call, queue: string, bound: number | undefined) =>
        bound === undefined
          ? showBound(call, queue)
          : change(
              call,
              queue,
              { bound },
              (now) => `${queue} takes up to ${plural(now.bound, 'job')} from now on.`,
            ),
      ),
    );
