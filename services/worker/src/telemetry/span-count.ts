import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What a worker process says of its spans in a file without a name, which is its pod's as well: a process that is killed
 * tells nothing at its end, but what it wrote stays. Three 64-bit floats.
 */
export interface SpanCount {
  /** Spans that were decided to be kept. */
  readonly kept: number;
  /** Those of them that were given up in the process itself: the pod did not read for too long, or no message holds them. */
  readonly dropped: number;
  /** Handlers' own that were never kept: more than may wait for what becomes of their attempts. */
  readonly excess: number;
}

const COUNTS = 3;
const BYTES = COUNTS * Float64Array.BYTES_PER_ELEMENT;
/** Memory where the machine has it for this; a container may have no other folder that can be written. */
const FOLDERS = ['/dev/shm', tmpdir()];

/** The worker's end: writes the count as it changes; a few microseconds, most of them the kernel's. */
export function createSpanCounter(file: number) {
  const count = new Float64Array(COUNTS);
  const bytes = new Uint8Array(count.buffer);
  let isOne = false;
  let isTold = true;

  /** What is not written yet is written. */
  function tell(): void {
    if (isTold) return;
    isTold = true;
    try {
      writeSync(file, bytes, 0, BYTES, 0);
    } catch {
      // A full disk is no reason to end a handler's span, or the process.
    }
  }

  function changed(): void {
    isTold = false;
    if (!isOne) tell();
  }

  return {
    keep(spans: number): void {
      count[0] = (count[0] as number) + spans;
      changed();
    },
    drop(spans: number): void {
      count[1] = (count[1] as number) + spans;
      changed();
    },
    /** So many of them by now. */
    exceeded(spans: number): void {
      if (count[2] === spans) return;
      count[2] = spans;
      changed();
    },
    /** Writes what changes within `act` once, behind it; or before, when `tell` is called. */
    asOne(act: () => void): void {
      isOne = true;
      try {
        act();
      } finally {
        isOne = false;
        tell();
      }
    },
    tell,
  };
}
export type SpanCounter = ReturnType<typeof createSpanCounter>;

function openUnnamed(folder: string): number | null {
  try {
    const own = mkdtempSync(join(folder, 'millrace-'));
    const file = openSync(join(own, 'spans'), 'wx+');
    rmSync(own, { recursive: true });
    return file;
  } catch {
    return null;
  }
}

/** A new count for a process to inherit; null where no file can be written: then nothing is known of what a kill took. */
export function openSpanCount(folders: readonly string[] = FOLDERS) {
  for (const folder of folders) {
    const file = openUnnamed(folder);
    if (file !== null) return { file, read: () => readCount(file), close: () => closeSync(file) };
  }
  return null;
}

function readCount(file: number): SpanCount {
  const count = new Float64Array(COUNTS);
  readSync(file, new Uint8Array(count.buffer), 0, BYTES, 0);
  return { kept: count[0] as number, dropped: count[1] as number, excess: count[2] as number };
}
