/*
 * The five sides of the comparison. Ours are three pools of one platform that differ in nothing but their
 * environment; stock's are two sets of processes that differ in bullmq-otel.
 */

/** Of ours: no telemetry; everything as it comes, a collector up; every job sampled. */
export const OURS = ['off', 'full', 'everyJob'] as const;
/** Of stock BullMQ: without telemetry, and with bullmq-otel, always on. */
export const STOCK = ['stockNone', 'stockOtel'] as const;

export type OurSide = (typeof OURS)[number];
export type StockSide = (typeof STOCK)[number];
export type Side = OurSide | StockSide;

/** Bounds that hold on both sides: nothing may be dropped, so that what is compared is the work and not its refusal. */
export const EXPORT = { queueSize: 200_000, batchSize: 512, delayMs: 1_000 } as const;

/** The queue of a side. */
export const queueOf = (side: Side): string => `noop-${side}`;

/** What stands at the head of the variables that both sides read. */
function common(endpoint: string): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_BSP_MAX_QUEUE_SIZE: String(EXPORT.queueSize),
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: String(EXPORT.batchSize),
    OTEL_BSP_SCHEDULE_DELAY: String(EXPORT.delayMs),
  };
}

/** The OTEL_* variables of a side's processes; `endpoint` is the collector's base URL for that side. */
export function environmentOf(side: Side, endpoint: string): Record<string, string> {
  switch (side) {
    case 'off':
    case 'stockNone':
      return { OTEL_SDK_DISABLED: 'true' };
    case 'full':
      return common(endpoint);
    case 'everyJob':
      return { ...common(endpoint), OTEL_TRACES_SAMPLER: 'always_on' };
    case 'stockOtel':
      return { ...common(endpoint), OTEL_TRACES_SAMPLER: 'always_on', OTEL_METRICS_EXPORTER: 'none' };
    default:
      return side satisfies never;
  }
}
