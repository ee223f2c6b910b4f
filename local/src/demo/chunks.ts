/** Ids offered in one request: all added or none, under one idempotency key. */
export interface Chunk {
  /** Stays the same however often the chunk is offered, so no id is ever added twice. */
  readonly key: string;
  readonly ids: readonly number[];
}

/** The requests of producer `producer`: its ids (id mod `producers`) in order, at most `size` a request. */
export function* chunksOf(
  run: string,
  jobs: number,
  producer: number,
  producers: number,
  size: number,
): Generator<Chunk> {
  let ids: number[] = [];
  let count = 0;
  for (let id = producer; id < jobs; id += producers) {
    ids.push(id);
    if (ids.length < size && id + producers < jobs) continue;
    yield { key: `${run}-${producer}-${count}`, ids };
    ids = [];
    count += 1;
  }
}
