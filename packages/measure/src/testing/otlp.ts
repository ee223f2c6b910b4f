import type { JobDoneEvent } from '../events.ts';

/** An attribute as OTLP writes it in JSON. */
const attribute = ([key, value]: [string, string | number]) => ({
  key,
  value:
    typeof value === 'string'
      ? { stringValue: value }
      : Number.isInteger(value)
        ? { intValue: String(value) }
        : { doubleValue: value },
});

export interface ExampleSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly startUs: number;
  readonly endUs: number;
  readonly attributes?: Readonly<Record<string, string | number>>;
  readonly error?: string;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

/** Spans as one OTLP document. */
export function otlpOf(spans: readonly ExampleSpan[], service = 'millrace-worker') {
  return {
    resourceSpans: [
      {
        resource: { attributes: [attribute(['service.name', service])] },
        scopeSpans: [
          {
            scope: { name: 'millrace' },
            spans: spans.map(({ startUs, endUs, attributes = {}, error, ...rest }) => ({
              ...rest,
              startTimeUnixNano: `${startUs}000`,
              endTimeUnixNano: `${endUs}000`,
              attributes: Object.entries(attributes).map(attribute),
              status: error === undefined ? {} : { code: 2, message: error },
            })),
          },
        ],
      },
    ],
  };
}

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

/** The `process` span of a job that an events file tells of, in a trace of its own. */
export function processSpanOf(
  job: JobDoneEvent,
  run: { readonly id: string; readonly startedUs: number },
  weight = 1,
): ExampleSpan {
  return {
    name: 'process workload',
    traceId: hex(job.id + 1, 32),
    spanId: hex(job.id + 1, 16),
    kind: 5,
    startUs: run.startedUs + job.started_us,
    endUs: run.startedUs + job.done_us + 300,
    attributes: {
      'messaging.operation.name': 'process',
      'millrace.outcome': 'completed',
      'millrace.service_us': job.done_us - job.started_us,
      'millrace.total_us': job.done_us - job.scheduled_us,
      'millrace.run.id': run.id,
      'millrace.sampling.weight': weight,
    },
  };
}
