/*
 * A Map or a Set whose entries come and go by the thousand a second. V8 keeps the entries of one in a table, and leaves
 * in each table that was outgrown a pointer to the one that took its place. A table that has grown old lies in old space
 * when it is given up, and from there, dead, it keeps every later table alive, with every entry that was still in one when
 * it was replaced, until old space is collected: collections of young objects, which cost by what survives them, take four
 * times as long in a worker. A copy is nobody's successor, so the chain ends with it.
 * (V8, `OrderedHashTable::Rehash`; docs/decisions/0028-take-and-complete-in-sets.md.)
 */

/** Removals from one table. At a few thousand a second many tables come and go between two collections. */
const REMOVALS_A_TABLE = 32;

/** Counts removals from a table of `size` entries, and says when it is time for a copy: never more work than the removals. */
export function createRenewal() {
  let removals = 0;
  return (size: number): boolean => {
    removals += 1;
    if (removals < REMOVALS_A_TABLE || removals < size) return false;
    removals = 0;
    return true;
  };
}

/** A Map of what lives shortly. An iterator may miss what is added after it was made, and yield what was removed. */
export class TransientMap<K, V> implements Iterable<[K, V]> {
  #map = new Map<K, V>();
  readonly #isDue = createRenewal();

  get size(): number {
    return this.#map.size;
  }
  get(key: K): V | undefined {
    return this.#map.get(key);
  }
  has(key: K): boolean {
    return this.#map.has(key);
  }
  set(key: K, value: V): void {
    this.#map.set(key, value);
  }
  /** Whether it was there. */
  delete(key: K): boolean {
    const was = this.#map.delete(key);
    if (was && this.#isDue(this.#map.size)) this.#map = new Map(this.#map);
    return was;
  }
  keys(): IterableIterator<K> {
    return this.#map.keys();
  }
  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.#map[Symbol.iterator]();
  }
}

/** A Set of what lives shortly; see {@link TransientMap}. */
export class TransientSet<T> implements Iterable<T> {
  readonly #map = new TransientMap<T, true>();

  get size(): number {
    return this.#map.size;
  }
  has(value: T): boolean {
    return this.#map.has(value);
  }
  add(value: T): void {
    this.#map.set(value, true);
  }
  /** Whether it was there. */
  delete(value: T): boolean {
    return this.#map.delete(value);
  }
  [Symbol.iterator](): IterableIterator<T> {
    return this.#map.keys();
  }
}
