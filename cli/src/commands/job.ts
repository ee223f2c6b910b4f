import { anythingSchema, jobSchema } from '../answers.ts';
import { queueArgument } from '../arguments.ts';
import { answer, type Call } from '../call.ts';
import { path } from '../http-client.ts';
import { renderJob } from '../output/job-view.ts';
import { withQueueAdvice } from '../queue-advice.ts';
import { action, type Verb, verb } from '../verb.ts';

const QUEUE = ['<queue>', 'name of the queue', queueArgument] as const;
const ID = ['<id>', 'id of the job, as "enqueue" and "jobs" tell it'] as const;

async function show(call: Call, queue: string, id: string): Promise<void> {
  const exchange = call.http.exchange(path('queues', queue, 'jobs', id), jobSchema);
  const { body, nowMs } = await withQueueAdvice(call, queue, exchange);
  answer(call, body, () => renderJob(body, nowMs, call.terminal));
}

async function order(
  call: Call,
  queue: string,
  id: string,
  change: 'retry' | 'promote',
  sentence: string,
): Promise<void> {
  const exchange = call.http.exchange(path('queues', queue, 'jobs', id, change), anythingSchema, {
    method: 'POST',
  });
  const { body } = await withQueueAdvice(call, queue, exchange);
  answer(call, body, () => `Job ${id} of ${queue} ${sentence}.`);
}

/** `millrace job QUEUE ID` */
export const jobVerb: Verb = (context) =>
  verb('job', 'Show one job: its state, data, result and every attempt')
    .argument(...QUEUE)
    .argument(...ID)
    .action(action(context, show));

/** `millrace retry QUEUE ID` */
export const retryVerb: Verb = (context) =>
  verb('retry', 'Run a failed or completed job again')
    .argument(...QUEUE)
    .argument(...ID)
    .action(
      action(context, (call, queue: string, id: string) =>
        order(call, queue, id, 'retry', 'is to run again'),
      ),
    );

/** `millrace promote QUEUE ID` */
export const promoteVerb: Verb = (context) =>
  verb('promote', 'Let a delayed job wait no longer')
    .argument(...QUEUE)
    .argument(...ID)
    .action(
      action(context, (call, queue: string, id: string) =>
        order(call, queue, id, 'promote', 'waits no longer'),
      ),
    );
