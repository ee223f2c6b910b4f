import { SCRIPTS } from '../../packages/queue/src/backend/compose.ts';

/** What can be switched off in the store's scripts, as a test alone may: by changing their text. */
export type Safeguard = 'fence' | 'lock';

type Change = readonly [text: string, instead: string];

const CHANGES: Readonly<Record<Safeguard, readonly Change[]>> = {
  // Nobody is ever found fenced.
  fence: [
    [
      'local function isFenced(start, calls)\n',
      'local function isFenced(start, calls)\n  do return false end\n',
    ],
  ],
  // Whoever asks holds the lock, and whatever it ends counts as running.
  lock: [
    [
      'local function holdsLock(start, jobKey)\n',
      'local function holdsLock(start, jobKey)\n  do return true end\n',
    ],
    [
      'local function removeLock(jobKey, stalledKey, token, jobId)\n',
      'local function removeLock(jobKey, stalledKey, token, jobId)\n  do return 0 end\n',
    ],
    ['if (numRemovedElements < 1) then\n        return -3\n', 'if false then\n        return -3\n'],
    // The same for completions, which go in sets.
    ['if held[i] ~= tokens[i] then', 'if false then'],
    ["if call('LREM', KEYS[2], '-1', id) == 0 then", "if call('LREM', KEYS[2], '-1', id) == -1 then"],
  ],
};

/** Every script that a worker ends or takes a job by: the guards, and what completes in sets. */
const scripts = () =>
  [SCRIPTS.guards, SCRIPTS.own].flatMap((map) =>
    [...map]
      .filter(([name]) => map === SCRIPTS.guards || name === 'complete')
      .map(([name, script]) => ({ map: map as Map<string, unknown>, name, script })),
  );

/**
 * Switches safeguards off for every connection that is opened from now on; returns what switches them on again.
 * Throws when a script no longer has the text: then the switch is to be mended, not the test.
 */
export function switchOff(...safeguards: readonly Safeguard[]): () => void {
  const before = scripts();
  for (const [text, instead] of safeguards.flatMap((safeguard) => CHANGES[safeguard])) {
    const changed = scripts().filter(({ script }) => script.lua.includes(text));
    for (const { map, name, script } of changed) {
      map.set(name, { ...script, lua: script.lua.replace(text, instead) });
    }
    if (changed.length === 0) throw new Error(`no script has the text to be switched off: ${text}`);
  }
  return () => {
    for (const { map, name, script } of before) map.set(name, script);
  };
}
