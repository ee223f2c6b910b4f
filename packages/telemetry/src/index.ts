export type { Attributes, AttributeValue, SpanKind, SpanLink, SpanPlace, SpanRecord } from './span-record.ts';
export * from './metrics/index.ts';
