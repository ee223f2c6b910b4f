/** Writes values to the store: one write at a time for each key, and always the latest value. */
export interface LatestWriter<T> {
  /** Returns at once; a value that is overtaken before its write begins is skipped. */
  save(key: string, value: T): void;
  /** Resolves when everything saved so far (under that key) is written, or given up. */
  settled(key?: string): Promise<void>;
}

/** `write` is called with one value at a time per key; a rejection gives that value up. */
export function createLatestWriter<T>(write: (key: string, value: T) => Promise<void>): LatestWriter<T> {
  const waiting = new Map<string, { readonly value: T }>();
  const writing = new Map<string, Promise<void>>();

  async function writeAll(key: string): Promise<void> {
    for (let next = waiting.get(key); next; next = waiting.get(key)) {
      waiting.delete(key);
      await write(key, next.value).catch(() => undefined);
    }
    writing.delete(key);
  }

  return {
    save(key, value) {
      waiting.set(key, { value });
      if (!writing.has(key)) writing.set(key, writeAll(key));
    },
    async settled(key) {
      await (key === undefined ? Promise.all(writing.values()) : writing.get(key));
    },
  };
}
