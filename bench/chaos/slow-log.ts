import type { ChaosTarget } from '@millrace/local';

/** Calls that take less are not asked about, µs: a fifth of what is allowed. */
const SLOW_US = 1_000;
const KEPT = 10_000;
const WORDS = 4;

/** The longest call that held the store. */
export interface LongestCall {
  readonly ms: number;
  /** Its first words: the command, and of a script its hash and its first key. */
  readonly what: string;
}

/** From now on the store remembers its slow calls, whoever makes them. */
export async function watchCalls(target: ChaosTarget): Promise<void> {
  await target.store(
    ['CONFIG', 'SET', 'slowlog-log-slower-than', String(SLOW_US)],
    ['CONFIG', 'SET', 'slowlog-max-len', String(KEPT)],
    ['SLOWLOG', 'RESET'],
  );
}

const SCRIPT = /^(eval|evalsha|fcall)(_ro)?$/i;

/** What the slow log holds, 0 ms where there was nothing over 1 ms. */
export interface LongestCalls {
  /** Of whatever kind. */
  readonly of: LongestCall;
  /** The longest that was no script: these take microseconds, so what it took is what the machine adds to any call. */
  readonly plainMs: number;
}

/** The longest of the answer to SLOWLOG GET. */
export function longestOf(entries: unknown): LongestCalls {
  let longest: LongestCall = { ms: 0, what: '' };
  let plainMs = 0;
  for (const entry of Array.isArray(entries) ? entries : []) {
    const [, , us, words] = entry as [number, number, number, readonly string[]];
    if (us / 1000 > longest.ms) longest = { ms: us / 1000, what: words.slice(0, WORDS).join(' ') };
    if (!SCRIPT.test(String(words[0]))) plainMs = Math.max(plainMs, us / 1000);
  }
  return { of: longest, plainMs };
}

/** The longest call since {@link watchCalls}. */
export async function longestCalls(target: ChaosTarget): Promise<LongestCalls> {
  const [entries] = await target.store(['SLOWLOG', 'GET', String(KEPT)]);
  return longestOf(entries);
}
