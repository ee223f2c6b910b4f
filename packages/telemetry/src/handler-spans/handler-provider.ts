import { type Context, trace } from '@opentelemetry/api';
import type { ReadableSpan, Sampler, SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { TelemetrySettings } from '../settings/settings.ts';
import type { SpanRecord } from '../span-record.ts';
import { type HandlerScope, scopeOf } from './handler-scope.ts';
import { recordOfSpan } from './record-of-span.ts';

/** The SDK's provider whose finished spans go, as records, to `take` with the scope they were made in. */
export async function createHandlerProvider(
  { sampling, limits }: TelemetrySettings,
  take: (scope: HandlerScope, record: SpanRecord) => void,
): Promise<TracerProvider> {
  const sdk = await import('@opentelemetry/sdk-trace');
  const { NOT_RECORD, RECORD, RECORD_AND_SAMPLED } = sdk.SamplingDecision;
  const sampler: Sampler = {
    shouldSample(context: Context) {
      const scope = scopeOf(context);
      // Outside of handlers there is no attempt whose decision a span could share.
      if (!scope || scope.decision === 'dropped') return { decision: NOT_RECORD };
      if (isSampled(context, scope)) return { decision: RECORD_AND_SAMPLED };
      // Only our own cuts may still keep what the start did not.
      return { decision: sampling.mode === 'cuts' ? RECORD : NOT_RECORD };
    },
    toString: () => 'MillraceHandlerSampler',
  };
  return new sdk.TracerProvider({
    sampler,
    spanLimits: {
      attributeValueLengthLimit: limits.valueLength,
      attributeCountLimit: limits.attributes,
      eventCountLimit: limits.events,
      linkCountLimit: limits.links,
    },
    spanProcessors: [recordingProcessor(take)],
  });
}

function isSampled(context: Context, scope: HandlerScope): boolean {
  const parent = trace.getSpanContext(context);
  return parent ? (parent.traceFlags & 1) === 1 : scope.describe().isSampled;
}

function recordingProcessor(take: (scope: HandlerScope, record: SpanRecord) => void): SpanProcessor {
  const scopes = new WeakMap<object, HandlerScope>();
  return {
    onStart(span, parent) {
      const scope = scopeOf(parent);
      if (scope) scopes.set(span, scope);
    },
    onEnd(span: ReadableSpan) {
      const scope = scopes.get(span);
      if (scope && scope.decision !== 'dropped') take(scope, recordOfSpan(span));
    },
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
}
