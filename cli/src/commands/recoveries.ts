import { MillraceError } from '@millrace/core';
import { usage, wholeNumber } from '../arguments.ts';
import { answer, type Call } from '../call.ts';
import { type RecoveryAnswer, recoveriesSchema } from '../death-answers.ts';
import { type Answer, path } from '../http-client.ts';
import { renderRecoveries, renderRecovery } from '../output/recovery-view.ts';
import { action, type Verb, verb } from '../verb.ts';

/** As many as the server keeps. */
const ALL = 1_000;

async function read(call: Call, limit: number): Promise<Answer<{ recoveries: RecoveryAnswer[] }>> {
  return call.http.exchange(`${path('recoveries')}?limit=${limit}`, recoveriesSchema);
}

/** The recovery of the start that `wanted` names: its id, or the beginning of its own part. */
function chooseRecovery(recoveries: readonly RecoveryAnswer[], wanted: string): RecoveryAnswer {
  const matches = ({ id, certificate }: RecoveryAnswer) =>
    id.startsWith(wanted) || id.slice(certificate.pod.length + 1).startsWith(wanted);
  const exact = recoveries.find(({ id }) => id === wanted);
  const found = exact ? [exact] : recoveries.filter(matches);
  const [only] = found;
  if (only && found.length === 1) return only;
  if (only) {
    const ids = found.slice(0, 5).map(({ id }) => id);
    throw usage(`"${wanted}" may be any of ${found.length} deaths, like ${ids.join(', ')}`);
  }
  throw new MillraceError('not_found', `No death of "${wanted}" is known. See "millrace recoveries".`);
}

async function list(call: Call, limit: number): Promise<void> {
  const { body, nowMs } = await read(call, limit);
  answer(call, body, () => renderRecoveries(body.recoveries, nowMs, call.terminal));
}

async function show(call: Call, wanted: string): Promise<void> {
  const { body, nowMs } = await read(call, ALL);
  const recovery = chooseRecovery(body.recoveries, wanted);
  answer(call, recovery, () => renderRecovery(recovery, nowMs, call.terminal));
}

/** `millrace recoveries [WORKER]` */
export const recoveriesVerb: Verb = (context) =>
  verb('recoveries', 'List the deaths of workers and how fast their jobs ran elsewhere, or show one')
    .argument('[worker]', 'show this death: the id of the worker that died, or its beginning')
    .option('-n, --limit <deaths>', 'at most this many', wholeNumber(1, ALL), 20)
    .action(
      action(context, (call, wanted: string | undefined, { limit }: { readonly limit: number }) =>
        wanted === undefined ? list(call, limit) : show(call, wanted),
      ),
    );
