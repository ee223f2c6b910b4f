import { readFileSync } from 'node:fs';
import { stockScript } from './stock-scripts.ts';

/** Keys that every script of ours takes last: see lua/accounts.lua. */
export const ACCOUNT_KEYS = 6;

/** A script as the client needs it. */
export interface ComposedScript {
  readonly command: string;
  readonly lua: string;
  readonly numberOfKeys: number;
  /** Keys that come before ours. */
  readonly ownKeys: number;
}

/**
 * Without its comments, blocks and whole lines: they are for readers. A third of the text is gone, which each connection
 * hashes, sends once and the store keeps; and what is left is ASCII, which takes half the memory and is sent as it is.
 */
export function withoutComments(lua: string): string {
  return lua.replaceAll(/--\[\[.*?\]\]/gs, '').replaceAll(/^\s*--.*\n/gm, '');
}

const read = (path: string) =>
  withoutComments(readFileSync(new URL(`../lua/${path}`, import.meta.url), 'utf8'));

/**
 * A stock script as a local Lua function. Its parameters shadow the globals of the same names, so that the text
 * runs unchanged on whatever keys and arguments it is called with.
 */
function asFunction(name: string, as: string): string {
  return `local function ${as}(KEYS, ARGV)\n${withoutComments(stockScript(name).content)}\nend\n`;
}

/** The guards around stock scripts: guard file → stock scripts it stands around. */
const GUARDED = {
  take: ['moveToActive'],
  finish: ['moveToFinished'],
  retry: ['retryJob'],
  delay: ['moveToDelayed'],
  report: ['updateProgress', 'updateData', 'addLog'],
  hold: ['extendLock', 'extendLocks'],
  wait: ['moveJobFromActiveToWait'],
  stalled: ['moveStalledJobsToWait'],
  remove: ['removeJob'],
  reprocess: ['reprocessJob'],
  obliterate: ['obliterate'],
  pause: ['pause'],
} as const;

/** Files that stand between the accounts and a script that needs them. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  take: ['store-time', 'take-set'],
  complete: ['take-set'],
  finish: ['store-time', 'suspicion'],
  retry: ['store-time', 'suspicion'],
  delay: ['store-time', 'suspicion'],
  stalled: ['suspicion'],
  reprocess: ['suspicion'],
  'give-back': ['returns'],
  reclaim: ['suspicion', 'returns'],
  kill: ['suspicion', 'returns'],
  blame: ['suspicion'],
};

/** Scripts of ours: file → keys before the account keys, and stock scripts within: as → name. */
const OWN = {
  add: { keys: 14, stock: ['addStandardJob', 'addDelayedJob', 'addPrioritizedJob'] },
  circuit: { keys: 7, stock: { stock: 'pause' } },
  complete: { keys: 12, stock: { completeOne: 'moveToFinished', takeOne: 'moveToActive' } },
  discard: { keys: 3, stock: { stock: 'removeJob' } },
  'give-back': { keys: 7 },
  reclaim: { keys: 7 },
  kill: { keys: 7 },
  blame: { keys: 0 },
  alone: { keys: 0 },
  held: { keys: 1 },
  fence: { keys: 2 },
  snapshot: { keys: 9 },
  'heal-bytes': { keys: 0 },
  'ledger-read': { keys: 1 },
  'ledger-register': { keys: 1 },
  'ledger-sweep': { keys: 1 },
} as const;

/** Scripts of the installation's board, which belong to no queue and have no account keys: file → keys. */
const BOARD = { lead: 1, resign: 1, 'save-tree': 2, 'save-recovery': 2, format: 1 } as const;

export type OwnScript = keyof typeof OWN | keyof typeof BOARD;

/** Names of the stock scripts whose text is composed; a test holds their hashes. */
export const COMPOSED_STOCK_SCRIPTS: readonly string[] = [
  ...Object.values(GUARDED).flat(),
  'addStandardJob',
  'addDelayedJob',
  'addPrioritizedJob',
];

const shared = (file: string) => (SHARED[file] ?? []).map((name) => read(`${name}.lua`)).join('');

function composeGuards(accounts: string): Map<string, ComposedScript> {
  const guards = new Map<string, ComposedScript>();
  for (const [file, names] of Object.entries(GUARDED)) {
    const guard = shared(file) + read(`guards/${file}.lua`);
    for (const name of names) {
      const ownKeys = stockScript(name).keys;
      guards.set(name, {
        command: `millrace:${name}`,
        lua: accounts + asFunction(name, 'stock') + guard,
        numberOfKeys: ownKeys + ACCOUNT_KEYS,
        ownKeys,
      });
    }
  }
  return guards;
}

/** What a script of ours calls of the stock ones: by their own names, or as `stock`. */
function stockWithin(script: (typeof OWN)[keyof typeof OWN]): string {
  if (!('stock' in script)) return '';
  const named = Array.isArray(script.stock)
    ? script.stock.map((name: string) => [name, name] as const)
    : Object.entries(script.stock);
  return named.map(([as, name]) => asFunction(name, as)).join('');
}

function composeOwn(accounts: string): Map<OwnScript, ComposedScript> {
  const own = new Map<OwnScript, ComposedScript>();
  const add = (name: OwnScript, ownKeys: number, numberOfKeys: number, lua: string) =>
    own.set(name, { command: `millrace:${name}`, lua, numberOfKeys, ownKeys });
  for (const [name, script] of Object.entries(OWN)) {
    const text = shared(name) + stockWithin(script) + read(`scripts/${name}.lua`);
    add(name as OwnScript, script.keys, script.keys + ACCOUNT_KEYS, accounts + text);
  }
  for (const [name, keys] of Object.entries(BOARD)) {
    add(name as OwnScript, keys, keys, read(`board/${name}.lua`));
  }
  return own;
}

function compose(): { guards: Map<string, ComposedScript>; own: Map<OwnScript, ComposedScript> } {
  const accounts = read('accounts.lua');
  return { guards: composeGuards(accounts), own: composeOwn(accounts) };
}

/** Every script of Millrace, composed once a process. */
export const SCRIPTS = compose();

/** The name under which clients know a script of ours. */
export function ownCommand(name: OwnScript): string {
  const script = SCRIPTS.own.get(name);
  if (script === undefined) throw new TypeError(`no script "${name}"`);
  return script.command;
}
