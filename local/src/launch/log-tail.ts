import { open } from 'node:fs/promises';

/** How much of the end of a log is looked at. */
const TAIL_BYTES = 16 * 1024;

/** What a log line says to a person: the message of a JSON line, any other line as it is. */
export function readable(line: string): string {
  try {
    const parsed = JSON.parse(line) as { msg?: unknown; message?: unknown };
    const text = parsed.msg ?? parsed.message;
    return typeof text === 'string' ? text : line;
  } catch {
    return line;
  }
}

/** The last `count` lines of `file` that were written after its first `fromByte` bytes, readable ones. */
export async function lastLines(file: string, fromByte: number, count: number): Promise<string[]> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const start = Math.max(fromByte, size - TAIL_BYTES);
    if (size <= start) return [];
    const { buffer } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    const lines = buffer.toString('utf8').split('\n');
    return lines
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .slice(-count)
      .map(readable);
  } finally {
    await handle.close();
  }
}
