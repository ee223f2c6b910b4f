/*
 * Counts spans in an OTLP/protobuf trace request without decoding it: it walks the lengths of
 * ExportTraceServiceRequest.resource_spans (1) → ResourceSpans.scope_spans (2) → ScopeSpans.spans (2), and of each Span
 * looks at the name (5) and the status (15) alone.
 */

/** Spans of a request by the first word of their names (`process`, `settle`, …); `errors` are those with status ERROR. */
export interface SpanCounts {
  readonly byName: Map<string, number>;
  errors: number;
}

const RESOURCE_SPANS = 1;
const SCOPE_SPANS = 2;
const SPANS = 2;
const SPAN_NAME = 5;
const SPAN_STATUS = 15;
const STATUS_CODE = 3;
const ERROR = 2;
const SPACE = 0x20;

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function varint(cursor: Cursor): number {
  let value = 0;
  let factor = 1;
  for (;;) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) throw new RangeError('the message ends within a number');
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    factor *= 128;
  }
}

/** Calls `visit` with each field between the cursor and `end`; `length` is 0 unless it is a delimited one. */
function fields(cursor: Cursor, end: number, visit: (field: number, start: number, length: number) => void) {
  while (cursor.at < end) {
    const tag = varint(cursor);
    const wire = tag & 7;
    const field = tag >>> 3;
    if (wire === 2) {
      const length = varint(cursor);
      const start = cursor.at;
      if (start + length > end) throw new RangeError('a field reaches beyond its message');
      visit(field, start, length);
      cursor.at = start + length;
    } else if (wire === 0) {
      const start = cursor.at;
      varint(cursor);
      visit(field, start, 0);
    } else if (wire === 1) cursor.at += 8;
    else if (wire === 5) cursor.at += 4;
    else throw new RangeError(`unknown wire type ${wire}`);
  }
}

function firstWord(bytes: Uint8Array, start: number, length: number): string {
  let end = start;
  while (end < start + length && bytes[end] !== SPACE) end += 1;
  return String.fromCharCode(...bytes.subarray(start, end));
}

function countSpan(bytes: Uint8Array, start: number, length: number, counts: SpanCounts): void {
  let name = '';
  fields({ bytes, at: start }, start + length, (field, at, size) => {
    if (field === SPAN_NAME) name = firstWord(bytes, at, size);
    else if (field === SPAN_STATUS) {
      fields({ bytes, at }, at + size, (part, value) => {
        if (part === STATUS_CODE && bytes[value] === ERROR) counts.errors += 1;
      });
    }
  });
  counts.byName.set(name, (counts.byName.get(name) ?? 0) + 1);
}

/** Adds the spans of one request to `counts`. Throws `RangeError` for what is no such message. */
export function countSpans(bytes: Uint8Array, counts: SpanCounts): void {
  const inside = (start: number, length: number, wanted: number, then: (at: number, size: number) => void) =>
    fields({ bytes, at: start }, start + length, (field, at, size) => {
      if (field === wanted) then(at, size);
    });
  inside(0, bytes.length, RESOURCE_SPANS, (resource, resourceSize) =>
    inside(resource, resourceSize, SCOPE_SPANS, (scope, scopeSize) =>
      inside(scope, scopeSize, SPANS, (span, spanSize) => countSpan(bytes, span, spanSize, counts)),
    ),
  );
}
