import { MillraceError, messageOf, type Outcome } from '@millrace/core';

function refuse(error: Error): Outcome {
  // The same handler returns the same again: no retry heals that.
  return { kind: 'fail', error, retry: false };
}

/** The outcome, unless its value is no JSON or more than `maxBytes` of it. */
export function withinLimit(outcome: Outcome, maxBytes: number): Outcome {
  if (outcome.kind !== 'ok') return outcome;
  const value = outcome.value ?? null;
  try {
    const json = JSON.stringify(value);
    if (json === undefined) {
      return refuse(new TypeError(`The handler returned a ${typeof value}: return a JSON value.`));
    }
    const bytes = Buffer.byteLength(json);
    if (bytes <= maxBytes) return { kind: 'ok', value };
    const advice = 'Store it elsewhere and return where it is.';
    return refuse(
      new MillraceError(
        'result_too_large',
        `The result has ${bytes} bytes, the limit is ${maxBytes}. ${advice}`,
        {
          details: { bytes, maxBytes },
        },
      ),
    );
  } catch (error) {
    return refuse(
      new TypeError(`The handler's result is no JSON value: ${messageOf(error)}`, { cause: error }),
    );
  }
}
