import { treeSchema } from '../answers.ts';
import { answer, type Call } from '../call.ts';
import { path } from '../http-client.ts';
import { renderTree } from '../output/tree.ts';
import { action, type Verb, verb } from '../verb.ts';

async function show(call: Call): Promise<void> {
  const { body } = await call.http.exchange(path('tree'), treeSchema);
  answer(call, body, () => renderTree(body, call.terminal));
}

/** `millrace tree` */
export const treeVerb: Verb = (context) =>
  verb('tree', 'Draw the supervision tree: pools and their circuits, pods, worker processes').action(
    action(context, show),
  );
