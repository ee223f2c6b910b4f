import { createInterface } from 'node:readline/promises';
import { MillraceError } from '@millrace/core';
import type { Call } from './call.ts';

/** True when a person sits there who can be asked. */
export function canAsk({ terminal }: Call): boolean {
  return terminal.isInteractive.input && terminal.isInteractive.errors;
}

/** Asks on stderr, so that stdout keeps the answer alone. Throws `interrupted` when there is no answer. */
export async function confirm(call: Call, question: string): Promise<boolean> {
  const { input, errors } = call.terminal;
  const dialogue = createInterface({ input, output: errors });
  try {
    const answer = await dialogue.question(`${question} [y/N] `, { signal: call.signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    throw new MillraceError('interrupted', 'Nothing was done.');
  } finally {
    dialogue.close();
  }
}
