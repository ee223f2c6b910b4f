import { anythingSchema, poolsSchema } from '../answers.ts';
import { answer, type Call } from '../call.ts';
import { path } from '../http-client.ts';
import { renderPools } from '../output/pool-view.ts';
import { action, type Verb, verb } from '../verb.ts';

async function show(call: Call): Promise<void> {
  const { body, nowMs } = await call.http.exchange(path('pools'), poolsSchema);
  answer(call, body, () => renderPools(body.pools, nowMs, call.terminal));
}

async function resume(call: Call, pool: string): Promise<void> {
  const { body } = await call.http.exchange(path('pools', pool, 'resume'), anythingSchema, {
    method: 'POST',
  });
  answer(call, body, () => `Told to start pool ${pool} as a whole. See "millrace pools".`);
}

const resumeVerb: Verb = (context) =>
  verb('resume', 'Start all pods of a pool that gave up, closing its circuit, or of one that stopped')
    .argument('<pool>', 'name of the pool')
    .action(action(context, resume));

/** `millrace pools`, `millrace pools resume POOL` */
export const poolsVerb: Verb = (context) =>
  verb('pools', 'List the pools: their pods, restart budget and circuit; or resume one that gave up')
    .usage('[options] [resume <pool>]')
    .action(action(context, show))
    .addCommand(resumeVerb(context));
