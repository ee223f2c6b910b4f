import type { TakenMarks } from './identity.ts';

/** A job as the scripts hand it over: its hash as a flat list, its id, and more; no job without a hash. */
export type RawTake = [
  hash: readonly string[] | 0,
  jobId: string,
  limitMs: number,
  dueMs: number,
  ...rest: unknown[],
];

/** The jobs that a reply hands over: the stock script's, and behind its four values those of a take in sets. */
export function takesIn(reply: unknown): RawTake[] {
  if (!Array.isArray(reply) || !Array.isArray(reply[0])) return [];
  return [reply as unknown as RawTake, ...(reply.slice(4) as RawTake[])];
}

/** What a taken job's hash says of its past. */
export function marksOf(hash: RawTake[0]): TakenMarks {
  const marks: { -readonly [name in keyof TakenMarks]: TakenMarks[name] } = {
    start: 0,
    suspect: false,
    killed: false,
    past: undefined,
  };
  if (hash === 0) return marks;
  for (let i = 0; i < hash.length; i += 2) {
    // What the take wrote stands behind what was there before.
    if (hash[i] === 'ats') marks.start = Number(hash[i + 1]);
    else if (hash[i] === 'mrSuspect') marks.suspect = true;
    else if (hash[i] === 'mrKills') marks.killed = true;
    else if (hash[i] === 'mrAttempts') marks.past = hash[i + 1];
  }
  return marks;
}
