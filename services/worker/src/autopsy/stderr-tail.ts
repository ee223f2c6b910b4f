import { stripVTControlCharacters } from 'node:util';

const MAX_LINES = 20;
const MAX_LINE_CHARS = 500;

/** The last lines of a stream: what an exit report shows as evidence. */
export interface Tail {
  push(chunk: string): void;
  lines(): readonly string[];
}

/** What every reader of JSON takes and no terminal obeys: no control characters, no half of a pair of surrogates. */
function plain(line: string): string {
  return stripVTControlCharacters(line)
    .replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
    .slice(0, MAX_LINE_CHARS)
    .toWellFormed()
    .trimEnd();
}

/** Keeps the newest 20 lines, each cut at 500 characters, the unfinished last one included. */
export function createTail(): Tail {
  const kept: string[] = [];
  let open = '';
  return {
    push(chunk) {
      const parts = (open + chunk).split('\n');
      // What is cut off later may be an escape sequence: twice as much is enough for that.
      open = (parts.pop() ?? '').slice(0, 2 * MAX_LINE_CHARS);
      for (const line of parts.slice(-MAX_LINES)) kept.push(plain(line.slice(0, 2 * MAX_LINE_CHARS)));
      kept.splice(0, kept.length - MAX_LINES);
    },
    lines: () => (open === '' ? [...kept] : [...kept, plain(open)]).slice(-MAX_LINES),
  };
}
