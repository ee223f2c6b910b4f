/** An attribute's value, as OTLP knows them. */
export type AttributeValue = string | number | boolean | readonly string[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Where a span stands: 32 and 16 lower-case hex digits. */
export interface SpanPlace {
  readonly traceId: string;
  readonly spanId: string;
}

export interface SpanLink extends SpanPlace {
  readonly attributes?: Attributes;
}

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/**
 * A span as a plain record, made when what it tells of is over; it stays one until it is encoded. Times are µs since
 * 1970. Attributes that every span of a process shares are its resource's.
 */
export interface SpanRecord extends SpanPlace {
  readonly parentSpanId: string | null;
  /** W3C `tracestate`, handed on as it came. */
  readonly traceState?: string | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startUs: number;
  readonly endUs: number;
  readonly attributes: Attributes;
  /** Attributes that it has with many others: one object for all of them, which is encoded once. */
  readonly shared?: Attributes;
  readonly links?: readonly SpanLink[];
  readonly events?: readonly {
    readonly name: string;
    readonly atUs: number;
    readonly attributes: Attributes;
  }[];
  /** `ERROR` with a message, or unset. */
  readonly error?: string | undefined;
}
