import { isMillraceError } from '@millrace/core';
import { queuesSchema, recoveriesSchema, treeSchema } from '../answers.ts';
import { answer, type Call } from '../call.ts';
import { assess, type Picture } from '../health.ts';
import { type Answer, path } from '../http-client.ts';
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
