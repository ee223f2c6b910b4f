import type { TakenMarks } from './identity.ts';

/**
 * A job as the stock scripts hand it over: its hash as a flat list, its id, and two zeros; no job without a hash. One that was
 * taken in a set (lua/take-set.lua) comes with its hash as it was before, and has the time of the take for the first zero.
 */
export type RawTake = [hash: string[] | 0, jobId: string, limitMs: number, dueMs: number, ...rest: unknown[]];

/** The jobs that a reply hands over: the stock script's, and behind its four values those of a take in sets. */
export function takesIn(reply: unknown): RawTake[] {
  if (!Array.isArray(reply) || !Array.isArray(reply[0])) return [];
  return [reply as unknown as RawTake, ...(reply.slice(4) as RawTake[])];
}

/** What a job's hash says of its past. */
function marksOf(hash: readonly string[]) {
  const marks: { -readonly [name in keyof TakenMarks]: TakenMarks[name] } = {
    start: 0,
    suspect: false,
    killed: false,
    past: undefined,
  };
  for (let i = 0; i < hash.length; i += 2) {
    if (hash[i] === 'ats') marks.start = Number(hash[i + 1]);
    else if (hash[i] === 'mrSuspect') marks.suspect = true;
    else if (hash[i] === 'mrKills') marks.killed = true;
    else if (hash[i] === 'mrAttempts') marks.past = hash[i + 1];
  }
  return marks;
}

/**
 * Makes a take of `startId` what the stock script would have handed over, and tells what is to be known of the job. What a take in
 * a set wrote is put behind what was there before: of a name that comes twice BullMQ takes the last.
 */
export function received(take: RawTake, startId: string): TakenMarks {
  const [hash, , takenMs] = take;
  const marks = marksOf(hash || []);
  if (hash === 0 || takenMs === 0) return marks;
  marks.start += 1;
  hash.push('processedOn', String(takenMs), 'ats', String(marks.start), 'pb', startId);
  take[2] = 0;
  return marks;
}
