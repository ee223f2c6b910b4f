import { MillraceError } from '@millrace/core';
import type { Redis } from 'ioredis';
import { runScript } from './connection/client.ts';
import type { QueueKeys } from './keys.ts';
import type { LedgerEntry, LedgerPage } from './types/queue.ts';

/** A reader that is silent this long is dropped: it keeps the stream from being trimmed. */
const SILENCE_MS = 600_000;

/** Registers `reader` at the ledger's present end; known already, it keeps its place. */
export async function registerReader(
  client: Redis,
  keys: QueueKeys,
  reader: string,
): Promise<{ cursor: string }> {
  const args = [keys.readersSeen, ...keys.accountList, 'register', reader];
  return { cursor: String(await runScript(client, 'ledger-register', args)) };
}

/** Ends a reader; false when there was none. */
export async function endReader(client: Redis, keys: QueueKeys, reader: string): Promise<boolean> {
  const args = [keys.readersSeen, ...keys.accountList, 'end', reader];
  return (await runScript(client, 'ledger-register', args)) === 1;
}

/** Drops readers that are silent; without one no ledger is kept. */
export async function dropSilentReaders(client: Redis, keys: QueueKeys): Promise<void> {
  await runScript(client, 'ledger-sweep', [keys.readersSeen, ...keys.accountList, SILENCE_MS]);
}

function entryOf(fields: readonly string[]): LedgerEntry | null {
  const field = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) field.set(fields[i] as string, fields[i + 1] as string);
  if (!field.has('outcome')) return null;
  const text = (name: string) => field.get(name) ?? '';
  return {
    id: text('id'),
    name: text('name'),
    outcome: text('outcome') as LedgerEntry['outcome'],
    worker: text('worker'),
    attempt: Number(text('attempt')),
    start: Number(text('start')),
    enqueuedUs: Number(text('enqueuedUs')),
    takenMs: Number(text('takenMs')),
    startedUs: Number(text('startedUs')),
    doneUs: Number(text('doneUs')),
    value: text('value'),
    data: text('data'),
  };
}

/** Reads on after `cursor` (null: after what was read last). Throws `not_found` for an unknown reader. */
export async function readLedger(
  client: Redis,
  keys: QueueKeys,
  request: { reader: string; cursor: string | null; limit: number },
): Promise<LedgerPage> {
  const { reader, cursor, limit } = request;
  const unknown = new MillraceError(
    'not_found',
    `no ledger reader "${reader}": register it first (PUT), readers silent for 10 min are dropped`,
  );
  const after = cursor ?? (await client.hget(keys.accounts.readers, reader));
  if (after === null) throw unknown;
  // One connection keeps the order: the page first (lua/scripts/ledger-read.lua).
  const [raw, gap] = await Promise.all([
    client.xrange(keys.accounts.ledger, `(${after}`, '+', 'COUNT', limit),
    runScript(client, 'ledger-read', [keys.readersSeen, ...keys.accountList, reader, after]),
  ]);
  if (gap === -1) throw unknown;
  const entries = raw.map(([, fields]) => entryOf(fields)).filter((entry) => entry !== null);
  return { entries, cursor: raw.at(-1)?.[0] ?? after, gap: gap === 1 };
}
