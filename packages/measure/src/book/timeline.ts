/** A job as the book takes it. Times are µs since the run's start. */
export interface JobEntry {
  readonly scheduledUs: number;
  readonly startedUs: number;
  readonly doneUs: number;
  /** How many jobs it stands for. */
  readonly weight: number;
}

/** What one bin holds: weights, and the sum of where in the bin they lie (µs × weight). */
interface Bins {
  due: Float64Array;
  dueAt: Float64Array;
  started: Float64Array;
  done: Float64Array;
  doneAt: Float64Array;
}

const KEYS = ['due', 'dueAt', 'started', 'done', 'doneAt'] as const;
/** More bins than these, and two become one: memory stays flat however long a run lasts. */
const MOST_BINS = 1 << 15;
/** Waits of one bin in buckets of 2 %: as many keys as a bin can have. */
const WAIT_BUCKETS = 2_048;
const LOG_WAIT = Math.log(1.02);
const waitBucket = (us: number) => (us < 1 ? 0 : Math.min(WAIT_BUCKETS - 1, 1 + Math.log(us) / LOG_WAIT)) | 0;
const waitOf = (bucket: number) => (bucket === 0 ? 0 : Math.exp((bucket - 0.5) * LOG_WAIT));

function emptyBins(length: number): Bins {
  const empty = () => new Float64Array(length);
  return { due: empty(), dueAt: empty(), started: empty(), done: empty(), doneAt: empty() };
}

/**
 * How a run went over time: jobs due, started and done, and the waits, in bins of a quarter of a window. A run too
 * long for its bins gets wider ones. Moments before the start count in the first bin.
 */
export class Timeline {
  #binUs: number;
  #bins = emptyBins(1_024);
  #used = 0;
  /** By bin × WAIT_BUCKETS + bucket: the weight of those waits. */
  #waits = new Map<number, number>();

  /** `windowUs`: the width of the windows that will be asked for. */
  constructor(windowUs: number) {
    this.#binUs = windowUs / 4;
  }

  get binUs(): number {
    return this.#binUs;
  }

  /** Where the last bin ends. */
  get endUs(): number {
    return this.#used * this.#binUs;
  }

  add({ scheduledUs, startedUs, doneUs, weight }: JobEntry): void {
    this.#make(Math.max(scheduledUs, startedUs, doneUs));
    this.#note('due', 'dueAt', scheduledUs, weight);
    const startBin = this.#indexOf(startedUs);
    this.#bins.started[startBin] = (this.#bins.started[startBin] as number) + weight;
    const key = startBin * WAIT_BUCKETS + waitBucket(startedUs - scheduledUs);
    this.#waits.set(key, (this.#waits.get(key) ?? 0) + weight);
    this.#note('done', 'doneAt', doneUs, weight);
  }

  /** Sums over bins [from, until). */
  sums(
    from: number,
    until: number,
  ): { readonly due: number; readonly started: number; readonly done: number } {
    const sums = { due: 0, started: 0, done: 0 };
    for (let bin = Math.max(0, from); bin < Math.min(until, this.#used); bin++) {
      sums.due += this.#bins.due[bin] as number;
      sums.started += this.#bins.started[bin] as number;
      sums.done += this.#bins.done[bin] as number;
    }
    return sums;
  }

  /** The waits of the jobs that started in bins [from, until), by bin. */
  waitsByBin(): Map<number, [waitUs: number, weight: number][]> {
    const byBin = new Map<number, [number, number][]>();
    for (const [key, weight] of this.#waits) {
      const bin = Math.floor(key / WAIT_BUCKETS);
      const list = byBin.get(bin);
      const entry: [number, number] = [waitOf(key % WAIT_BUCKETS), weight];
      if (list === undefined) byBin.set(bin, [entry]);
      else list.push(entry);
    }
    return byBin;
  }

  /**
   * The integral of the level (jobs due and not done) over each bin, in job-µs: exact, whatever the bins' width.
   */
  areas(): Float64Array {
    const areas = new Float64Array(this.#used);
    let level = 0;
    for (let bin = 0; bin < this.#used; bin++) {
      const at = (key: keyof Bins) => this.#bins[key][bin] as number;
      const rise = at('due') * this.#binUs - at('dueAt');
      const fall = at('done') * this.#binUs - at('doneAt');
      areas[bin] = level * this.#binUs + rise - fall;
      level += at('due') - at('done');
    }
    return areas;
  }

  #note(count: 'due' | 'done', at: 'dueAt' | 'doneAt', us: number, weight: number): void {
    const bin = this.#indexOf(us);
    const within = Math.max(0, us) - bin * this.#binUs;
    this.#bins[count][bin] = (this.#bins[count][bin] as number) + weight;
    this.#bins[at][bin] = (this.#bins[at][bin] as number) + within * weight;
  }

  #indexOf(us: number): number {
    return Math.max(0, Math.floor(us / this.#binUs));
  }

  #make(us: number): void {
    while (this.#indexOf(us) >= MOST_BINS) this.#widen();
    const index = this.#indexOf(us);
    this.#used = Math.max(this.#used, index + 1);
    if (index < this.#bins.due.length) return;
    const grown = emptyBins(Math.min(MOST_BINS, Math.max(index + 1, this.#bins.due.length * 2)));
    for (const key of KEYS) grown[key].set(this.#bins[key]);
    this.#bins = grown;
  }

  #widen(): void {
    const wide = emptyBins(this.#bins.due.length);
    for (let bin = 0; bin < this.#used; bin++) {
      const into = bin >> 1;
      for (const key of KEYS)
        wide[key][into] = (wide[key][into] as number) + (this.#bins[key][bin] as number);
      if ((bin & 1) === 1) {
        wide.dueAt[into] = (wide.dueAt[into] as number) + (this.#bins.due[bin] as number) * this.#binUs;
        wide.doneAt[into] = (wide.doneAt[into] as number) + (this.#bins.done[bin] as number) * this.#binUs;
      }
    }
    const waits = new Map<number, number>();
    for (const [key, weight] of this.#waits) {
      const into = (Math.floor(key / WAIT_BUCKETS) >> 1) * WAIT_BUCKETS + (key % WAIT_BUCKETS);
      waits.set(into, (waits.get(into) ?? 0) + weight);
    }
    this.#bins = wide;
    this.#waits = waits;
    this.#used = (this.#used + 1) >> 1;
    this.#binUs *= 2;
  }
}
