import { isMillraceError, MillraceError } from '@millrace/core';
import { type Command, Option } from 'commander';
import { anythingSchema } from '../answers.ts';
import { queueArgument, usage } from '../arguments.ts';
import { answer, type Call } from '../call.ts';
import { canAsk, confirm } from '../confirm.ts';
import { REASONS, replayedSchema } from '../death-answers.ts';
import { path } from '../http-client.ts';
import { readLetters } from '../letters.ts';
import { type Changed, renderChanged } from '../output/letter-changes.ts';
import { problemDocument, renderProblem } from '../problem.ts';
import { withQueueAdvice } from '../queue-advice.ts';
import { note } from '../terminal.ts';
import { action, type Verb, verb } from '../verb.ts';

interface Options {
  readonly all?: boolean;
  readonly reason?: string;
  readonly yes?: boolean;
}

/** What is done to each letter; resolves with the id of the job that came of it, if any. */
interface Deed {
  readonly name: 'replay' | 'discard';
  readonly question: (which: string) => string;
  readonly act: (call: Call, queue: string, letter: string) => Promise<string | null>;
}

const REPLAY: Deed = {
  name: 'replay',
  question: (which) => `Replay ${which}?`,
  async act(call, queue, letter) {
    const route = path('queues', queue, 'dead-letters', letter, 'replay');
    return (await call.http.exchange(route, replayedSchema, { method: 'POST' })).body.id;
  },
};

const DISCARD: Deed = {
  name: 'discard',
  question: (which) => `Throw away ${which} for good?`,
  async act(call, queue, letter) {
    const route = path('queues', queue, 'dead-letters', letter);
    await call.http.exchange(route, anythingSchema, { method: 'DELETE' });
    return null;
  },
};

/** The letters that a command line means. Throws `usage` for one that names none, or both ways. */
async function chosen(
  call: Call,
  deed: Deed,
  queue: string,
  named: readonly string[],
  options: Options,
): Promise<readonly string[]> {
  const isMass = options.all === true || options.reason !== undefined;
  if (isMass && named.length > 0)
    throw usage('name dead letters, or choose them with --all or --reason, not both');
  if (!isMass && named.length === 0) {
    throw usage(`say which dead letters to ${deed.name}: their ids, --all, or --reason`);
  }
  if (!isMass) return [...new Set(named)];
  const choice = options.reason === undefined ? {} : { reason: options.reason };
  const { letters } = await readLetters(call, queue, { ...choice, limit: Number.MAX_SAFE_INTEGER });
  // What lives on as another job needs no second life; the server would say the same.
  const open = letters.filter((letter) => deed.name === 'discard' || letter.replayedAs === null);
  // Oldest first: what waited longest goes first.
  return open.map(({ id }) => id).reverse();
}

/** Asks before what cannot be taken back, or was not named one by one. */
async function assertSure(call: Call, deed: Deed, queue: string, ids: readonly string[], options: Options) {
  const isMass = options.all === true || options.reason !== undefined;
  if (options.yes || (deed.name === 'replay' && !isMass)) return;
  if (!canAsk(call)) {
    if (isMass)
      throw usage(`nobody can be asked here: add --yes to ${deed.name} ${ids.length} dead letter(s)`);
    return;
  }
  const which =
    ids.length === 1 ? `dead letter ${ids[0]} of ${queue}` : `${ids.length} dead letters of ${queue}`;
  if (!(await confirm(call, deed.question(which))))
    throw new MillraceError('interrupted', 'Nothing was done.');
}

/** One after the other, so that a refusal stops before it is met a thousand times. */
async function perform(call: Call, deed: Deed, queue: string, ids: readonly string[]): Promise<Changed> {
  const done: { letter: string; job: string | null }[] = [];
  const missing: string[] = [];
  for (const [at, letter] of ids.entries()) {
    try {
      const job = await withQueueAdvice(call, queue, deed.act(call, queue, letter));
      done.push({ letter, job });
    } catch (error) {
      if (ids.length === 1 || !isMillraceError(error)) throw error;
      if (error.code !== 'not_found') return { done, missing, left: ids.slice(at), problem: error };
      missing.push(letter);
    }
  }
  return { done, missing, left: [], problem: null };
}

async function change(call: Call, deed: Deed, queue: string, named: readonly string[], options: Options) {
  const ids = await chosen(call, deed, queue, named, options);
  if (ids.length > 0) await assertSure(call, deed, queue, ids, options);
  const changed = await perform(call, deed, queue, ids);
  const { problem, ...rest } = changed;
  const document = { queue, deed: deed.name, ...rest, problem: problem && problemDocument(problem) };
  answer(call, document, () => renderChanged(deed.name, queue, changed));
  if (problem !== null && !call.json)
    note(call.terminal, call.terminal.errorPaint.red(renderProblem(problem)));
  if (problem !== null || changed.missing.length > 0) call.fail();
}

function changeVerb(context: Parameters<Verb>[0], deed: Deed, summary: string): Command {
  return verb(deed.name, summary)
    .argument('<queue>', 'name of the queue', queueArgument)
    .argument('[letters...]', 'ids of the dead letters')
    .option('-a, --all', 'all of the queue')
    .addOption(new Option('-r, --reason <reason>', 'all that died of this').choices(REASONS))
    .option('-y, --yes', 'do not ask')
    .action(
      action(context, (call, queue: string, letters: string[], options: Options) =>
        change(call, deed, queue, letters, options),
      ),
    );
}

/** `millrace dlq replay QUEUE LETTER…` */
export const replayVerb: Verb = (context) =>
  changeVerb(context, REPLAY, 'Run dead letters again, each as a new job, within the bound; twice is once');

/** `millrace dlq discard QUEUE LETTER…` */
export const discardVerb: Verb = (context) =>
  changeVerb(context, DISCARD, 'Throw dead letters away for good, evidence and all');
