import type { MemoryGroup } from './memory-group.ts';

/** A rise of the kernel's count older than this was somebody else's: a killed process is seen within milliseconds. */
const CLAIM_MS = 5_000;
/** Without a count: who was killed with so much of the limit resident was killed for it. */
const NEAR_LIMIT = 0.95;

/** How V8 ends a process whose heap is full: by abort, in some builds by a trap; 134 and 133 are a shell's words for it. */
const ABORTS: ReadonlySet<string | number | null> = new Set(['SIGABRT', 'SIGTRAP', 'SIGILL', 134, 133, 132]);

/** How a child ended, and what was seen of it. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  /** Its output had V8's report of a full heap. */
  readonly heapReported: boolean;
  /** We killed it ourselves. */
  readonly killedByUs: boolean;
  readonly peakRssBytes: number | null;
}

/** Tells who died for memory. */
export interface OutOfMemory {
  /** To be called often, so that it is known when the kernel's count rose. */
  look(nowMs: number): void;
  /** True when that ending was for memory; each of the kernel's kills explains one ending. */
  explains(ending: Ending, nowMs: number): boolean;
  /** Somebody beside us, who reads the same count, has explained an end with one of its kills. */
  claimed(nowMs: number): void;
}

/** See {@link OutOfMemory}; `onClaim` is called when one of the kernel's kills has explained an end. */
export function createOutOfMemory(group: MemoryGroup, onClaim: () => void = () => undefined): OutOfMemory {
  let known = group.oomKills();
  let unclaimed = 0;
  let roseMs = 0;

  function look(nowMs: number): void {
    const kills = group.oomKills();
    if (kills !== null && known !== null && kills > known) {
      unclaimed += kills - known;
      roseMs = nowMs;
    }
    if (nowMs - roseMs > CLAIM_MS) unclaimed = 0;
    known = kills;
  }

  function isNearLimit(peakRssBytes: number | null): boolean {
    const limit = group.limitBytes();
    return limit !== null && peakRssBytes !== null && peakRssBytes >= NEAR_LIMIT * limit;
  }

  return {
    look,
    explains({ code, signal, heapReported, killedByUs, peakRssBytes }, nowMs) {
      // What was reported may have been a child's, passed through.
      if (heapReported && ABORTS.has(signal ?? code)) return true;
      if (signal !== 'SIGKILL' || killedByUs) return false;
      look(nowMs);
      if (known === null) return isNearLimit(peakRssBytes);
      if (unclaimed === 0) return false;
      unclaimed -= 1;
      onClaim();
      return true;
    },
    claimed(nowMs) {
      look(nowMs);
      unclaimed = Math.max(0, unclaimed - 1);
    },
  };
}

/** The largest heap that Node's options allow, in bytes; null where they do not say. */
function heapLimitOf(nodeOptions: readonly string[]): number | null {
  const heaps = nodeOptions.flatMap((option) => {
    const mib = /^--max[-_](?:old[-_]space|heap)[-_]size=(\d+)$/.exec(option)?.[1];
    return mib === undefined ? [] : [Number(mib) * 1024 * 1024];
  });
  // Of one option said twice Node takes the last.
  return heaps.at(-1) ?? null;
}

/**
 * What a child was not to exceed, in bytes; null without a limit. It was V8's limit for who died of a full heap, the
 * cgroup's for all others.
 */
export function memoryLimitOf(
  group: MemoryGroup,
  nodeOptions: readonly string[],
  isHeapFull: boolean,
): number | null {
  const heap = heapLimitOf(nodeOptions);
  return isHeapFull ? (heap ?? group.limitBytes()) : (group.limitBytes() ?? heap);
}
