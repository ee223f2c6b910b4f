import { Option } from 'commander';
import { queueArgument, usage, wholeNumber } from '../arguments.ts';
import { answer, type Call } from '../call.ts';
import { letterSchema, REASONS } from '../death-answers.ts';
import { path } from '../http-client.ts';
import { readLetters, readLettersOfAll } from '../letters.ts';
import { renderLetter, renderLetters } from '../output/letter-view.ts';
import { withQueueAdvice } from '../queue-advice.ts';
import { note } from '../terminal.ts';
import { action, type Verb, verb } from '../verb.ts';
import { discardVerb, replayVerb } from './dlq-change.ts';

interface ListOptions {
  readonly reason?: string;
  readonly limit: number;
  readonly cursor?: string;
}

function nextPage(queue: string, { reason }: ListOptions, cursor: string): string {
  const choice = reason === undefined ? '' : ` --reason ${reason}`;
  return `There are more: millrace dlq list ${queue}${choice} --cursor ${cursor}`;
}

async function list(call: Call, queue: string | undefined, options: ListOptions): Promise<void> {
  if (queue === undefined && options.cursor !== undefined)
    throw usage('--cursor goes on in one queue: name it');
  const { letters, cursor, nowMs } = await (queue === undefined
    ? readLettersOfAll(call, options)
    : readLetters(call, queue, options));
  const none = `No dead letters${options.reason === undefined ? '' : ` with the reason ${options.reason}`}.`;
  answer(call, { letters, cursor }, () =>
    letters.length === 0 ? none : renderLetters(letters, nowMs, queue === undefined, call.terminal),
  );
  if (queue !== undefined && cursor !== null && !call.json) {
    note(call.terminal, nextPage(queue, options, cursor));
  }
  if (queue === undefined && letters.length === options.limit) {
    note(call.terminal, `These are the newest ${options.limit}: name a queue to see all of it.`);
  }
}

async function show(call: Call, queue: string, id: string): Promise<void> {
  const exchange = call.http.exchange(path('queues', queue, 'dead-letters', id), letterSchema);
  const { body, nowMs } = await withQueueAdvice(call, queue, exchange);
  answer(call, body, () => renderLetter(body, nowMs, call.terminal));
}

const listVerb: Verb = (context) =>
  verb('list', 'List dead letters, newest first, of one queue or of all')
    .argument('[queue]', 'of this queue alone', queueArgument)
    .addOption(new Option('-r, --reason <reason>', 'that died of this').choices(REASONS))
    .option('-n, --limit <letters>', 'at most this many', wholeNumber(1, 10_000), 20)
    .option('--cursor <cursor>', 'go on where the page before ended')
    .action(action(context, list));

const showVerb: Verb = (context) =>
  verb('show', 'Show one: why it died, its data, and every process that it killed')
    .argument('<queue>', 'name of the queue', queueArgument)
    .argument('<letter>', 'id of the dead letter, as "dlq list" tells it')
    .action(action(context, show));

/** `millrace dlq list|show|replay|discard` */
export const dlqVerb: Verb = (context) => {
  const command = verb('dlq', 'Look at dead letters: jobs that failed for good; replay or discard them');
  for (const build of [listVerb, showVerb, replayVerb, discardVerb]) command.addCommand(build(context));
  return command;
};
