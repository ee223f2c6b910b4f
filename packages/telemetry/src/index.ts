export { parseBaggage } from './baggage.ts';
export { attemptSpans, firstSend, type KnownAttempt, processSpan } from './build/attempt.ts';
export {
  deadAttemptSpans,
  LOCK_LOST,
  lostAttemptSpans,
  type SpanRules,
  WORKER_KILLED,
} from './build/dead-attempt.ts';
export type { StoreFacts } from './build/facts.ts';
export { MAX_RESTARTS, type Restart, recoverySpans, respawnSpan } from './build/recovery.ts';
export { batchSendSpan, type SentBatch, type SentJob, sendSpan } from './build/send.ts';
export { type AnsweredRequest, serverSpan } from './build/server.ts';
export {
  type Carrier,
  type ContextHeaders,
  carrierOf,
  NO_CARRIER,
  readCarrier,
  writeCarrier,
} from './carrier.ts';
export { type JobTrace, jobTrace, processPlace, type TracedJob, type TraceShape } from './context.ts';
export { cutAtEnd, cutAtStart, isContinued } from './cuts.ts';
export { decodeSpans } from './encode/decode.ts';
export { jsonRequest } from './encode/json.ts';
export { encodeSpans } from './encode/request.ts';
export { createSpanEncoder, type EncodedSpans, type SpanEncoder } from './encode/span-encoder.ts';
export { createSpanExport, type SpanExportDeps } from './export/create-span-export.ts';
export type { SpanExport, SpanExportStats } from './export/span-export.ts';
// What needs OpenTelemetry's API stands in ./bullmq and ./handler-spans: loading it takes as long as all the rest.
export type { HandlerContext, HandlerScope } from './handler-spans/handler-scope.ts';
export type { HandlerTracing } from './handler-spans/handler-tracing.ts';
export {
  childSpanIdOf,
  hashOfTraceId,
  isHashSampled,
  jobHash,
  recoveryPlaceOf,
  recoveryTraceIdOf,
  spanIdOf,
  traceIdOf,
} from './ids.ts';
// The list of what there is of metrics stands there.
export * from './metrics/index.ts';
export { type Cut, type CutName, type SamplingPolicy, samplingPolicy } from './sampling.ts';
export { readTelemetrySettings } from './settings/read-settings.ts';
export {
  type BatchSettings,
  type InstrumentationName,
  type MetricsTarget,
  type OtlpTarget,
  type ServiceIdentity,
  type SignalTarget,
  TELEMETRY_OFF,
  type TelemetrySettings,
} from './settings/settings.ts';
export { unreadableFile } from './settings/unreadable-file.ts';
export type { Attributes, AttributeValue, SpanKind, SpanLink, SpanPlace, SpanRecord } from './span-record.ts';
export { startCutOf } from './start-cut.ts';
export { formatTraceparent, parseTraceparent, type RemoteParent } from './traceparent.ts';
