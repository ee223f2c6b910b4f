import { type Config, queueSettings, storeAddress } from '@millrace/core';
import type { Store } from '@millrace/queue';
import { createSpanExport, type SpanExport, TELEMETRY_OFF } from '@millrace/telemetry';
import type { SupervisorDependencies } from '../../contract.ts';
import { createRecoveryTraces, NO_TRACES, type RecoveryTraces } from './recovery-traces.ts';

/** The export of a supervisor's spans, and who writes them. Where nobody wants any, nothing is read or claimed for them. */
export function createTracing(
  config: Config,
  { telemetry = TELEMETRY_OFF, clock, log }: SupervisorDependencies,
  { supervisor, store }: { readonly supervisor: string; readonly store: Store },
): { readonly spans: SpanExport; readonly traces: RecoveryTraces } {
  const spans = createSpanExport(telemetry, { clock, log });
  if (!telemetry.traces) return { spans, traces: NO_TRACES };
  const rules = {
    sampling: telemetry.sampling,
    shapeOf: (queue: string) => queueSettings(config, queue).traces,
    store: storeAddress(config.redis),
  };
  return { spans, traces: createRecoveryTraces({ supervisor, store, spans, rules, clock, log }) };
}
