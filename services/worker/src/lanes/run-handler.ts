import { type Fault, MillraceError, type Outcome } from '@millrace/core';
import { checkData, type Handler, type HandlerContext, outcomeOf, outcomeOfThrown } from '@millrace/sdk';

function misfit(faults: readonly Fault[]): Outcome {
  const list = faults.map(({ pointer, message }) => `${pointer || '/'}: ${message}`).join('; ');
  const error = new MillraceError('invalid_data', `The data does not fit: ${list}`, { details: { faults } });
  // The same data fails the same schema again.
  return { kind: 'fail', error, retry: false };
}

/**
 * Checks the data and runs the handler to its outcome, wherever this code itself runs: a schema that never comes to
 * an end, or crashes, does so in the lane of its handler and nowhere else. Never rejects.
 */
export async function runHandler(
  handler: Handler,
  data: unknown,
  context: Omit<HandlerContext, 'data'>,
): Promise<Outcome> {
  const checked = await checkData(handler, data);
  if (!checked.ok) return misfit(checked.faults);
  try {
    return outcomeOf(await handler.run({ ...context, data: checked.value }));
  } catch (thrown) {
    return outcomeOfThrown(thrown);
  }
}
