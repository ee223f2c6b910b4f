import { recoveriesSchema } from '../answers.ts';
import { wholeNumber } from '../arguments.ts';
import { answer, type Call } from '../call.ts';
import { path } from '../http-client.ts';
import { renderRecoveries } from '../output/worker-view.ts';
import { action, type Verb, verb } from '../verb.ts';

async function show(call: Call, options: { readonly limit: number }): Promise<void> {
  const { body, nowMs } = await call.http.exchange(
    `${path('recoveries')}?limit=${options.limit}`,
    recoveriesSchema,
  );
  answer(call, body, () => renderRecoveries(body.recoveries, nowMs, call.terminal));
}

/** `millrace recoveries` */
export const recoveriesVerb: Verb = (context) =>
  verb('recoveries', 'List the deaths of workers and how fast their jobs ran elsewhere, newest first')
    .option('-n, --limit <deaths>', 'at most this many', wholeNumber(1, 1_000), 20)
    .action(action(context, show));
