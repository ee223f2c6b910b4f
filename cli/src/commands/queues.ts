import { type QueueAnswer, queueSchema, queuesSchema } from '../answers.ts';
import { queueArgument } from '../arguments.ts';
import { answer, type Call } from '../call.ts';
import { type Answer, path } from '../http-client.ts';
import { renderQueue, renderQueues } from '../output/queue-view.ts';
import { withQueueAdvice } from '../queue-advice.ts';
import { action, type Verb, verb } from '../verb.ts';

async function showAll(call: Call): Promise<void> {
  const { body } = await call.http.exchange(path('queues'), queuesSchema);
  answer(call, body, () => renderQueues(body.queues, call.terminal));
}

function exchangeQueue(call: Call, name: string): Promise<Answer<QueueAnswer>> {
  return withQueueAdvice(call, name, call.http.exchange(path('queues', name), queueSchema));
}

async function showOne(call: Call, name: string): Promise<void> {
  const { body, nowMs } = await exchangeQueue(call, name);
  answer(call, body, () => renderQueue(body, nowMs, call.terminal.paint));
}

/** One queue as the server sees it; an unknown name is answered with the nearest known one. */
export async function readQueue(call: Call, name: string): Promise<QueueAnswer> {
  return (await exchangeQueue(call, name)).body;
}

/** `millrace queues [QUEUE]` */
export const queuesVerb: Verb = (context) =>
  verb('queues', 'List all queues, or show one in detail')
    .argument('[queue]', 'show this queue alone', queueArgument)
    .action(
      action(context, (call, queue: string | undefined) =>
        queue === undefined ? showAll(call) : showOne(call, queue),
      ),
    );
