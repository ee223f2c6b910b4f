import { type WorkerAnswer, workersSchema } from '../answers.ts';
import { answer, type Call } from '../call.ts';
import { path } from '../http-client.ts';
import { renderWorkers } from '../output/worker-view.ts';
import { action, type Verb, verb } from '../verb.ts';

/** Every start of a worker process the supervisors know. */
export async function readWorkers(call: Call): Promise<readonly WorkerAnswer[]> {
  return (await call.http.exchange(path('workers'), workersSchema)).body.workers;
}

async function show(call: Call): Promise<void> {
  const { body, nowMs } = await call.http.exchange(path('workers'), workersSchema);
  answer(call, body, () => renderWorkers(body.workers, nowMs, call.terminal));
}

/** `millrace workers` */
export const workersVerb: Verb = (context) =>
  verb('workers', 'List the worker processes and what they are doing').action(action(context, show));
