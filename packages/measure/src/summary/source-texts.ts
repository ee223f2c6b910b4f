import type { Source } from '../book/run-book.ts';

/** Where the figures of a run come from, for people. */
export const SOURCE_TEXTS: Readonly<Record<Source, string>> = {
  jsonl: 'every job, from the events file',
  jaeger: 'weighted, from traces in Jaeger',
  'otlp-json': 'weighted, from traces in OTLP files',
};
