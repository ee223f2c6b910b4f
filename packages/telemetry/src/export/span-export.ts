import type { Lifecycle } from '@millrace/core';
import type { SpanRecord } from '../span-record.ts';

/** What became of the spans given to an exporter. */
export interface SpanExportStats {
  readonly exported: number;
  readonly queued: number;
  /** By reason: the queue was full, the collector refused or did not answer, nobody may export any more, or no message holds it. */
  readonly dropped: Readonly<Record<'full' | 'refused' | 'stopped' | 'unfit', number>>;
}

/**
 * Sends spans to the collector, in batches, bounded; never throws and never waits for anybody. What does not fit is
 * dropped and counted. `stop` sends what waits, for at most the batch's timeout.
 */
export interface SpanExport extends Lifecycle {
  add(records: readonly SpanRecord[]): void;
  /** `count` spans as encoded by `encodeSpans`, which others may have done. The bytes are copied before it returns. */
  addEncoded(bytes: Uint8Array, count: number): void;
  /** Sends what waits now; resolves when it has been answered, or dropped. */
  flush(): Promise<void>;
  stats(): SpanExportStats;
}
