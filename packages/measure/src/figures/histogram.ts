/** Buckets grow by this factor: a value read back is at most 0.25 % off. */
const GROWTH = 1.005;
const LOG_GROWTH = Math.log(GROWTH);
/** What is smaller counts as this: no clock of ours tells less than a µs. */
const LEAST = 1;

/** The value that a bucket stands for: the middle of its range, on a logarithmic scale. */
const middleOf = (bucket: number) => (bucket === 0 ? 0 : Math.exp((bucket - 0.5) * LOG_GROWTH));

function bucketOf(value: number): number {
  return value < LEAST ? 0 : Math.floor(Math.log(value) / LOG_GROWTH) + 1;
}

/**
 * Weighted values in logarithmic buckets: quantiles of any number of them in little memory, each at most 0.25 % off
 * (values below 1 count as 0). The extremes and the mean are exact.
 */
export class Histogram {
  readonly #buckets = new Map<number, number>();
  #weight = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  /** Takes one value that stands for `weight` of them. Negative values count as 0. */
  record(value: number, weight = 1): void {
    const kept = Math.max(0, value);
    const bucket = bucketOf(kept);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + weight);
    this.#weight += weight;
    this.#sum += kept * weight;
    this.#min = Math.min(this.#min, kept);
    this.#max = Math.max(this.#max, kept);
  }

  /** Takes all that `other` holds. */
  merge(other: Histogram): void {
    for (const [bucket, weight] of other.#buckets) {
      this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + weight);
    }
    this.#weight += other.#weight;
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** How many values this stands for. */
  get weight(): number {
    return this.#weight;
  }

  get sum(): number {
    return this.#sum;
  }

  get mean(): number | null {
    return this.#weight === 0 ? null : this.#sum / this.#weight;
  }

  get max(): number | null {
    return this.#weight === 0 ? null : this.#max;
  }

  get min(): number | null {
    return this.#weight === 0 ? null : this.#min;
  }

  /** The `q` quantile (0 to 1) by nearest rank; null of none. */
  quantile(q: number): number | null {
    return this.quantiles([q])[0] as number | null;
  }

  /** Several quantiles at once; `shares` must rise. */
  quantiles(shares: readonly number[]): (number | null)[] {
    if (this.#weight === 0) return shares.map(() => null);
    const buckets = [...this.#buckets].sort(([a], [b]) => a - b);
    let at = 0;
    let below = 0;
    return shares.map((share) => {
      // Sums of weights such as 1 ÷ 0.1 are not exact: a hair less than the rank is the rank.
      const rank = share * this.#weight * (1 - 1e-12);
      while (at < buckets.length - 1 && below + (buckets[at] as [number, number])[1] < rank) {
        below += (buckets[at] as [number, number])[1];
        at += 1;
      }
      return Math.min(this.#max, Math.max(this.#min, middleOf((buckets[at] as [number, number])[0])));
    });
  }
}
