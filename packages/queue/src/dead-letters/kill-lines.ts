import type { Kill } from '@millrace/core';

/** What a line of a job's `mrKilledBy` may be long: a take carries them all (lua/suspicion.lua). */
const LINE_CHARS = 4_096;
const LAST_LINE_CHARS = 200;

/** A death in company, whose evidence is kept under the worker's start. */
export interface KillReference {
  readonly kind: 'death';
  readonly worker: string;
  readonly start: number;
  readonly atMs: number;
}

/** The kill as one line of JSON; where it would be too long, beats go first, then the oldest last words. */
export function killLine(kill: Kill): string {
  const lastLines = kill.lastLines.map((line) => line.slice(0, LAST_LINE_CHARS));
  let short: Kill = { ...kill, lastLines };
  while (
    JSON.stringify(short).length > LINE_CHARS &&
    (short.beats.length > 0 || short.lastLines.length > 1)
  ) {
    short =
      short.beats.length > 0
        ? { ...short, beats: short.beats.slice(Math.ceil(short.beats.length / 2)) }
        : { ...short, lastLines: short.lastLines.slice(1) };
  }
  return JSON.stringify(short);
}

type Line = Partial<Kill> & {
  readonly d?: string;
  readonly s?: number;
  readonly a?: number;
};

/** The lines of `mrKilledBy`, oldest first: the kills themselves, or what stands for them. */
export function readKillLines(text: string | undefined): (Kill | KillReference)[] {
  return (text ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((text) => {
      const line = JSON.parse(text) as Line;
      if (line.cause !== undefined) return line as Kill;
      const { d: worker = '', s: start = 0, a: atMs = 0 } = line;
      return { kind: 'death', worker, start, atMs };
    });
}
