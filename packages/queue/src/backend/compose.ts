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

const read = (path: string) => readFileSync(new URL(`../lua/${path}`, import.meta.url), 'utf8');

/**
 * A stock script as a local Lua function. Its parameters shadow the globals of the same names, so that the text
 * runs unchanged on whatever keys and arguments it is called with.
 */
function asFunction(name: string, as: string): string {
  return `local function ${as}(KEYS, ARGV)\n${stockScript(name).content}\nend\n`;
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
} as const;

/** Scripts of ours: file → keys before the account keys. */
const OWN = {
  'give-back': 7,
  held: 1,
  fence: 2,
  snapshot: 9,
  'heal-bytes': 0,
  'ledger-read': 1,
  'ledger-register': 1,
  'ledger-sweep': 1,
} as const;

export type OwnScript = keyof typeof OWN | 'add';

const ADD_KEYS = 13;

/** Names of the stock scripts whose text is composed; a test holds their hashes. */
export const COMPOSED_STOCK_SCRIPTS: readonly string[] = [
  ...Object.values(GUARDED).flat(),
  'addStandardJob',
  'addDelayedJob',
  'addPrioritizedJob',
];

function compose(): { guards: Map<string, ComposedScript>; own: Map<OwnScript, ComposedScript> } {
  const accounts = read('accounts.lua');
  const guards = new Map<string, ComposedScript>();
  for (const [file, names] of Object.entries(GUARDED)) {
    const guard = read(`guards/${file}.lua`);
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
  const own = new Map<OwnScript, ComposedScript>();
  const add = (name: OwnScript, ownKeys: number, lua: string) =>
    own.set(name, { command: `millrace:${name}`, lua, numberOfKeys: ownKeys + ACCOUNT_KEYS, ownKeys });
  for (const [name, ownKeys] of Object.entries(OWN)) {
    add(name as OwnScript, ownKeys, accounts + read(`scripts/${name}.lua`));
  }
  const adders = ['addStandardJob', 'addDelayedJob', 'addPrioritizedJob'];
  const addText = adders.map((name) => asFunction(name, name)).join('');
  add('add', ADD_KEYS, accounts + addText + read('scripts/add.lua'));
  return { guards, own };
}

/** Every script of Millrace, composed once a process. */
export const SCRIPTS = compose();
