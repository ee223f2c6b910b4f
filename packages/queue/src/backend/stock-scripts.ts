import { createHash } from 'node:crypto';
// By import, so that a bundle holds them too.
import shipped from 'bullmq/dist/cjs/scripts/index.js';

/** One of BullMQ's own scripts, as the pinned package ships it. */
export interface StockScript {
  readonly name: string;
  readonly content: string;
  readonly keys: number;
}

/** The text of a stock script. Throws when the pinned version has none of that name: an upgrade went wrong. */
export function stockScript(name: string): StockScript {
  const script = shipped[name];
  if (!script) throw new TypeError(`bullmq ships no script "${name}": review packages/queue/src/backend`);
  return script;
}

/** SHA-256 of a stock script's text; a test compares it, so that an upgrade shows what changed. */
export function stockScriptHash(name: string): string {
  return createHash('sha256').update(stockScript(name).content).digest('hex');
}
