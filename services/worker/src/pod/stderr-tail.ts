const MAX_LINES = 20;
const MAX_LINE_CHARS = 500;

/** The last lines of a stream: what an exit report shows as evidence. */
export interface Tail {
  push(chunk: string): void;
  lines(): readonly string[];
}

/** Keeps the newest 20 lines, each cut at 500 characters, the unfinished last one included. */
export function createTail(): Tail {
  const kept: string[] = [];
  let open = '';
  return {
    push(chunk) {
      const parts = (open + chunk).split('\n');
      open = (parts.pop() ?? '').slice(0, MAX_LINE_CHARS);
      for (const line of parts) kept.push(line.slice(0, MAX_LINE_CHARS));
      kept.splice(0, kept.length - MAX_LINES);
    },
    lines: () => (open === '' ? kept : [...kept, open]).slice(-MAX_LINES),
  };
}
