import { isMillraceError } from '@millrace/core';
import { type QueueAnswer, queuesSchema, treeSchema } from '../answers.ts';
import { answer, type Call } from '../call.ts';
import { recoveriesSchema } from '../death-answers.ts';
import { assess, type Picture } from '../health.ts';
import { type Answer, path } from '../http-client.ts';
import { readPage } from '../letters.ts';
import { inState } from '../output/queue-view.ts';
import { renderStatus } from '../output/status-view.ts';
import { action, type Verb, verb } from '../verb.ts';

const RECOVERIES_SHOWN = 3;

/** Null when the server says that it cannot know; a server that is not there, or refuses us, ends the command. */
async function orNull<T>(answer: Promise<Answer<T>>): Promise<Answer<T> | null> {
  try {
    return await answer;
  } catch (error) {
    if (isMillraceError(error, 'store_unavailable') || isMillraceError(error, 'not_found')) return null;
    throw error;
  }
}

/** How many of a queue's newest dead letters are looked at, and of how many queues: this is a glance. */
const LETTERS_READ = 100;
const QUEUES_READ = 8;

async function poisonOf(call: Call, queues: readonly QueueAnswer[]): Promise<Picture['poison']> {
  const suspects = queues.filter((queue) => inState(queue, 'failed') > 0).slice(0, QUEUES_READ);
  const found = suspects.map(async ({ name: queue }) => {
    const { letters = [], cursor = null } = (await orNull(readPage(call, queue, LETTERS_READ)))?.body ?? {};
    const open = letters.filter(({ reason, replayedAs }) => reason === 'poison' && replayedAs === null);
    return { queue, letters: open.length, isMore: cursor !== null };
  });
  return (await Promise.all(found)).filter(({ letters }) => letters > 0);
}

async function look(call: Call): Promise<Picture> {
  const { http } = call;
  const [queues, tree, recoveries] = await Promise.all([
    orNull(http.exchange(path('queues'), queuesSchema)),
    orNull(http.exchange(path('tree'), treeSchema)),
    orNull(http.exchange(`${path('recoveries')}?limit=${RECOVERIES_SHOWN}`, recoveriesSchema)),
  ]);
  return {
    nowMs: (tree ?? queues ?? recoveries)?.nowMs ?? call.clock.nowMs(),
    queues: queues?.body.queues ?? null,
    tree: tree?.body ?? null,
    recoveries: recoveries?.body.recoveries ?? null,
    poison: await poisonOf(call, queues?.body.queues ?? []),
  };
}

async function show(call: Call): Promise<void> {
  const picture = await look(call);
  const verdict = assess(picture);
  const { nowMs: atMs, ...parts } = picture;
  const url = call.http.url.origin;
  answer(call, { ...verdict, url, atMs, ...parts }, () => renderStatus(picture, verdict, url, call.terminal));
  if (verdict.health === 'down') call.fail();
}

/** `millrace status` */
export const statusVerb: Verb = (context) =>
  verb('status', 'Tell on one screen whether everything is well; exit code 1 when nothing works').action(
    action(context, show),
  );
