import { queuesSchema } from './answers.ts';
import type { Call } from './call.ts';
import { type LetterAnswer, type LetterPageAnswer, letterPageSchema } from './death-answers.ts';
import { type Answer, path } from './http-client.ts';
import { withQueueAdvice } from './queue-advice.ts';

/** Each letter may carry its data and its evidence: more at once would make one answer very long. */
const PAGE = 100;

/** Dead letters, newest first, and where the next begin; `nowMs` by the server's clock. */
export interface Letters {
  readonly letters: readonly LetterAnswer[];
  readonly cursor: string | null;
  readonly nowMs: number;
}

/** Which dead letters of a queue are meant. */
export interface LetterChoice {
  readonly reason?: string;
  readonly cursor?: string;
  /** At most this many. */
  readonly limit: number;
}

/** One page; a queue that is not there is answered with the nearest one. */
export function readPage(
  call: Call,
  queue: string,
  limit: number,
  cursor: string | null = null,
): Promise<Answer<LetterPageAnswer>> {
  const query = new URLSearchParams({ limit: String(Math.min(PAGE, limit)) });
  if (cursor !== null) query.set('cursor', cursor);
  const exchange = call.http.exchange(`${path('queues', queue, 'dead-letters')}?${query}`, letterPageSchema);
  return withQueueAdvice(call, queue, exchange);
}

/** Reads on, page by page, until `limit` letters fit the choice or there are no more. */
export async function readLetters(call: Call, queue: string, choice: LetterChoice): Promise<Letters> {
  const { reason, limit } = choice;
  const letters: LetterAnswer[] = [];
  let cursor = choice.cursor ?? null;
  let nowMs: number;
  do {
    // Never more than are missing: what is read is shown, so that the cursor leaves nothing out.
    const page = await readPage(call, queue, limit - letters.length, cursor);
    letters.push(...page.body.letters.filter((letter) => reason === undefined || letter.reason === reason));
    ({ nowMs } = page);
    ({ cursor } = page.body);
  } while (cursor !== null && letters.length < limit);
  return { letters, cursor, nowMs };
}

/** The newest of all queues. `cursor` is null: only the pages of one queue follow one another. */
export async function readLettersOfAll(call: Call, choice: LetterChoice): Promise<Letters> {
  const { body, nowMs } = await call.http.exchange(path('queues'), queuesSchema);
  const names = body.queues.filter(({ counts }) => (counts.failed ?? 0) > 0).map(({ name }) => name);
  const found = await Promise.all(names.map((name) => readLetters(call, name, choice)));
  const letters = found
    .flatMap((each) => each.letters)
    .sort((a, b) => b.diedAtMs - a.diedAtMs)
    .slice(0, choice.limit);
  return { letters, cursor: null, nowMs };
}
