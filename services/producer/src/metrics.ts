import {
  createCounter,
  createDurations,
  type DurationHistogram,
  type MetricFamily,
  numberFamily,
} from '@millrace/telemetry';

/** How this process stands at the moment of a look. */
export interface Standing {
  readonly waiters: number;
  readonly eventListeners: number;
  readonly isStoreConnected: boolean;
  readonly isTokensFileRefused: boolean;
}

/** What this process counts. */
export interface Metrics {
  request(route: string, status: number): void;
  admitted(queue: string, jobs: number): void;
  /** `code` is the error that the caller was told. */
  refused(queue: string, code: 'queue_full' | 'circuit_open'): void;
  /** The store's answer to an add of `jobs` took so long; `fault` is the error's code, null where they were accepted. */
  sent(queue: string, jobs: number, seconds: number, fault: string | null): void;
  /** An operator put a dead letter back to work, or threw it away. */
  letter(queue: string, deed: 'replayed' | 'discarded'): void;
  line(status: number): void;
  /** A connection was closed for being one too many. */
  dropped(): void;
  families(standing: Standing): MetricFamily[];
}

function standingFamilies(standing: Standing): MetricFamily[] {
  const gauge = (name: string, help: string, value: number) => numberFamily('gauge', name, help, value);
  return [
    gauge('millrace_waiters', 'Requests that wait for a result.', standing.waiters),
    gauge('millrace_event_listeners', 'Listeners of the event stream.', standing.eventListeners),
    gauge('millrace_store_connected', '1 while the store can be reached.', standing.isStoreConnected ? 1 : 0),
    gauge(
      'millrace_tokens_file_refused',
      '1 while older tokens than those of the file are in force.',
      standing.isTokensFileRefused ? 1 : 0,
    ),
  ];
}

/** Of one queue and fault. */
interface Sends {
  readonly took: DurationHistogram;
  readonly messages: { value: number };
}

/** What the conventions for messaging ask of a client that sends, by queue and fault; looked up by two maps an add. */
function createSends() {
  const took = createDurations(
    'messaging_client_operation_duration_seconds',
    'Time until the store answered: to an add on a producer, to the end of a job on a worker.',
  );
  const messages = createCounter(
    'messaging_client_sent_messages_total',
    'Jobs handed to the store, by queue; those with an error_type were not accepted.',
  );
  const known = new Map<string, Map<string | null, Sends>>();

  function sendsOf(queue: string, fault: string | null): Sends {
    const ofQueue = known.get(queue) ?? new Map<string | null, Sends>();
    known.set(queue, ofQueue);
    const counted = ofQueue.get(fault);
    if (counted !== undefined) return counted;
    const labels = {
      ...{ messaging_system: 'bullmq', messaging_operation_name: 'send', messaging_operation_type: 'send' },
      messaging_destination_name: queue,
      ...(fault === null ? {} : { error_type: fault }),
    };
    const made = { took: took.at(labels), messages: messages.at(labels) };
    ofQueue.set(fault, made);
    return made;
  }
  return {
    sent(queue: string, jobs: number, seconds: number, fault: string | null) {
      const counted = sendsOf(queue, fault);
      counted.took.record(seconds);
      counted.messages.value += jobs;
    },
    families: () => [took.family(), messages.family()],
  };
}

export function createMetrics(): Metrics {
  const requests = createCounter('millrace_http_requests_total', 'Answered requests, by route and status.');
  const admitted = createCounter('millrace_jobs_admitted_total', 'Jobs accepted by this process, by queue.');
  const refused = createCounter('millrace_adds_refused_total', 'Adds refused, by queue and code.');
  const lines = createCounter('millrace_ndjson_lines_total', 'Lines of NDJSON streams, by status.');
  const letters = createCounter(
    'millrace_dead_letters_total',
    'Dead letters replayed or discarded, by queue.',
  );
  const dropped = createCounter(
    'millrace_http_connections_dropped_total',
    'Connections over http.maxConnections.',
  );
  const sends = createSends();
  const counters = [requests, admitted, refused, lines, letters, dropped];
  return {
    request: (route, status) => requests.add({ route, status }),
    admitted: (queue, jobs) => admitted.add({ queue }, jobs),
    refused: (queue, code) => refused.add({ queue, code }),
    sent: sends.sent,
    letter: (queue, deed) => letters.add({ queue, deed }),
    line: (status) => lines.add({ status }),
    dropped: () => dropped.add({}),
    families: (standing) => [
      ...counters.map((counter) => counter.family()),
      ...sends.families(),
      ...standingFamilies(standing),
    ],
  };
}
