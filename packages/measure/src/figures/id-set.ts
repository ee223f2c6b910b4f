/** Whole numbers from 0 up to this are kept as bits; what lies beyond, one by one. */
const DENSE = 1 << 27;

/** A set of whole numbers that are mostly dense from 0 on: a bit each. */
export class IdSet {
  #bits = new Uint32Array(1_024);
  readonly #others = new Set<number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds `id`; false when it was there already. */
  add(id: number): boolean {
    const added = id < DENSE ? this.#addBit(id) : this.#addOther(id);
    if (added) this.#size += 1;
    return added;
  }

  #addBit(id: number): boolean {
    const word = id >>> 5;
    if (word >= this.#bits.length) this.#grow(word);
    const bit = 1 << (id & 31);
    const bits = this.#bits[word] as number;
    if ((bits & bit) !== 0) return false;
    this.#bits[word] = bits | bit;
    return true;
  }

  #addOther(id: number): boolean {
    if (this.#others.has(id)) return false;
    this.#others.add(id);
    return true;
  }

  #grow(word: number): void {
    const bits = new Uint32Array(Math.max(word + 1, this.#bits.length * 2));
    bits.set(this.#bits);
    this.#bits = bits;
  }
}
