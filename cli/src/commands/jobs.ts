import type { Command } from 'commander';
import { Option } from 'commander';
import { type JobPageAnswer, jobPageSchema, STATES } from '../answers.ts';
import { queueArgument, wholeNumber } from '../arguments.ts';
import { answer, type Call } from '../call.ts';
import { type Answer, path } from '../http-client.ts';
import { renderJobs } from '../output/job-view.ts';
import { withQueueAdvice } from '../queue-advice.ts';
import { note } from '../terminal.ts';
import { action, type Verb, verb } from '../verb.ts';

interface Options {
  readonly state: string;
  readonly limit: number;
  readonly cursor?: string;
}

async function readPage(call: Call, queue: string, options: Options): Promise<Answer<JobPageAnswer>> {
  const query = new URLSearchParams({ state: options.state, limit: String(options.limit) });
  if (options.cursor !== undefined) query.set('cursor', options.cursor);
  const exchange = call.http.exchange(`${path('queues', queue, 'jobs')}?${query}`, jobPageSchema);
  return withQueueAdvice(call, queue, exchange);
}

async function show(call: Call, queue: string, options: Options): Promise<void> {
  const { body: page, nowMs } = await readPage(call, queue, options);
  answer(call, page, () =>
    page.jobs.length === 0
      ? `No ${options.state} jobs in ${queue}.`
      : renderJobs(page.jobs, nowMs, call.terminal),
  );
  if (page.cursor !== null && !call.json) {
    note(
      call.terminal,
      `There are more: millrace jobs ${queue} --state ${options.state} --cursor ${page.cursor}`,
    );
  }
}

/** `millrace jobs QUEUE` */
export const jobsVerb: Verb = (context): Command =>
  verb('jobs', 'List the jobs of a queue in one state, newest first')
    .argument('<queue>', 'name of the queue', queueArgument)
    .addOption(new Option('-s, --state <state>', 'jobs in this state').choices(STATES).default('waiting'))
    .option('-n, --limit <jobs>', 'at most this many', wholeNumber(1, 1_000), 20)
    .option('--cursor <cursor>', 'go on where the page before ended')
    .action(action(context, (call, queue: string, options: Options) => show(call, queue, options)));
