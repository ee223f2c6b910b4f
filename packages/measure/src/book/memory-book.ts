import type { RssEvent } from '../events.ts';

interface Sample {
  readonly rss: number;
  readonly heap: number | null;
}

/** Memory of all processes together; bytes. */
export interface MemoryPoint {
  readonly atUs: number;
  readonly rss: number;
  /** Null where no process told it. */
  readonly heap: number | null;
}

export interface MemoryMark {
  readonly rss: number;
  readonly heap: number | null;
}

export interface MemoryFacts {
  readonly series: readonly MemoryPoint[];
  /** As the writer of the run marked them: at steady state, after the last recovery, and the sum of all peaks. */
  readonly steady: MemoryMark | null;
  readonly postRecovery: MemoryMark | null;
  readonly peak: MemoryMark | null;
  /** Highest point of the series: all processes at one time. */
  readonly highest: MemoryPoint | null;
}

const MOST_PARTS = 2_048;
/** A process that has told nothing for so long is gone. */
const SILENT_US = 3_000_000;

function sumOf(samples: Iterable<Sample>): MemoryMark | null {
  let rss = 0;
  let heap: number | null = null;
  let any = false;
  for (const sample of samples) {
    any = true;
    rss += sample.rss;
    if (sample.heap !== null) heap = (heap ?? 0) + sample.heap;
  }
  return any ? { rss, heap } : null;
}

/** The memory of a run's processes: a point a second, wider in a long run. */
export class MemoryBook {
  #widthUs = 1_000_000;
  #parts = new Map<number, Map<number, Sample>>();
  readonly #marks = {
    steady: new Map<number, Sample>(),
    post_recovery: new Map<number, Sample>(),
    peak: new Map<number, Sample>(),
  };

  add({ pid, bytes, heap_used, phase, at_us }: RssEvent): void {
    const sample = { rss: bytes, heap: heap_used };
    if (phase !== 'sample') {
      this.#marks[phase].set(pid, sample);
      return;
    }
    const index = Math.max(0, Math.floor(at_us / this.#widthUs));
    const part = this.#parts.get(index) ?? new Map<number, Sample>();
    this.#parts.set(index, part.set(pid, sample));
    if (this.#parts.size > MOST_PARTS) this.#widen();
  }

  facts(): MemoryFacts {
    const series = this.#series();
    return {
      series,
      steady: sumOf(this.#marks.steady.values()),
      postRecovery: sumOf(this.#marks.post_recovery.values()),
      peak: sumOf(this.#marks.peak.values()),
      highest: series.reduce<MemoryPoint | null>((top, one) => (one.rss > (top?.rss ?? 0) ? one : top), null),
    };
  }

  /** A process counts from its first sample until it has been silent for a while: they do not all tell at once. */
  #series(): MemoryPoint[] {
    const latest = new Map<number, { readonly atUs: number; readonly sample: Sample }>();
    return [...this.#parts]
      .sort(([a], [b]) => a - b)
      .flatMap(([index, part]) => {
        const atUs = index * this.#widthUs;
        for (const [pid, sample] of part) latest.set(pid, { atUs, sample });
        for (const [pid, { atUs: toldUs }] of latest) {
          if (atUs - toldUs >= Math.max(SILENT_US, 2 * this.#widthUs)) latest.delete(pid);
        }
        const sum = sumOf([...latest.values()].map(({ sample }) => sample));
        return sum === null ? [] : [{ atUs, ...sum }];
      });
  }

  #widen(): void {
    const wide = new Map<number, Map<number, Sample>>();
    for (const [index, part] of [...this.#parts].sort(([a], [b]) => a - b)) {
      wide.set(index >> 1, new Map([...(wide.get(index >> 1) ?? []), ...part]));
    }
    this.#parts = wide;
    this.#widthUs *= 2;
  }
}
