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

/** The longest of the answer to SLOWLOG GET, of whatever kind; 0 ms when there was none over 1 ms. */
export function longestOf(entries: unknown): LongestCall {
  let longest: LongestCall = { ms: 0, what: '' };
  for (const entry of Array.isArray(entries) ? entries : []) {
    const [, , us, words] = entry as [number, number, number, readonly string[]];
    if (us / 1000 > longest.ms) longest = { ms: us / 1000, what: words.slice(0, WORDS).join(' ') };
  }
  return longest;
}

/** The longest call since {@link watchCalls}. */
export async function longestCall(target: ChaosTarget): Promise<LongestCall> {
  const [entries] = await target.store(['SLOWLOG', 'GET', String(KEPT)]);
  return longestOf(entries);
}
