import type { Outcome } from '@millrace/core';
import { type Handler, type HandlerContext, outcomeOf, outcomeOfThrown } from '@millrace/sdk';

/** Runs the handler to its outcome, wherever this code itself runs. Never rejects. */
export async function runHandler(handler: Handler, context: HandlerContext): Promise<Outcome> {
  try {
    return outcomeOf(await handler.run(context));
  } catch (thrown) {
    return outcomeOfThrown(thrown);
  }
}
