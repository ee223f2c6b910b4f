/** A stream whose kind is known, from its first byte on. */
export interface Sniffed {
  readonly kind: 'jsonl' | 'otlp-json';
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Tells an events file from OTLP in JSON by what stands first; what is neither is read, and refused, as events. */
export async function sniff(source: AsyncIterable<Uint8Array>): Promise<Sniffed> {
  const chunks = source[Symbol.asyncIterator]();
  const first = await chunks.next();
  const head = first.done ? '' : new TextDecoder().decode(first.value);
  const [event, spans] = [head.indexOf('"event"'), head.indexOf('"resourceSpans"')];
  const kind = spans >= 0 && (event < 0 || spans < event) ? 'otlp-json' : 'jsonl';
  async function* all(): AsyncGenerator<Uint8Array> {
    if (first.done) return;
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  return { kind, chunks: all() };
}
