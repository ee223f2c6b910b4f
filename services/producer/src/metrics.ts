/** Counters of this process, as Prometheus text. */
export interface Metrics {
  request(route: string, status: number): void;
  admitted(queue: string, jobs: number): void;
  /** `code` is the error that the caller was told. */
  refused(queue: string, code: 'queue_full' | 'circuit_open'): void;
  /** An operator put a dead letter back to work, or threw it away. */
  letter(queue: string, deed: 'replayed' | 'discarded'): void;
  line(status: number): void;
  /** A connection was closed for being one too many. */
  dropped(): void;
  /** `gauges` are read at the time of the scrape: name → [help, value]. */
  text(gauges: Readonly<Record<string, readonly [string, number]>>): string;
}

/** One counter with labels; label values come from our own routes and known queues, so they are few. */
class Counter {
  readonly #values = new Map<string, number>();
  readonly #name: string;
  readonly #help: string;

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  add(labels: Readonly<Record<string, string | number>>, by = 1): void {
    const key = Object.entries(labels)
      .map(([name, value]) => `${name}="${value}"`)
      .join(',');
    this.#values.set(key, (this.#values.get(key) ?? 0) + by);
  }

  text(): string {
    const lines = [...this.#values].map(([labels, value]) => `${this.#name}{${labels}} ${value}`);
    return [`# HELP ${this.#name} ${this.#help}`, `# TYPE ${this.#name} counter`, ...lines].join('\n');
  }
}

export function createMetrics(): Metrics {
  const requests = new Counter('millrace_http_requests_total', 'Answered requests, by route and status.');
  const admitted = new Counter('millrace_jobs_admitted_total', 'Jobs accepted by this process, by queue.');
  const refused = new Counter('millrace_adds_refused_total', 'Adds refused, by queue and code.');
  const lines = new Counter('millrace_ndjson_lines_total', 'Lines of NDJSON streams, by status.');
  const letters = new Counter('millrace_dead_letters_total', 'Dead letters replayed or discarded, by queue.');
  const dropped = new Counter(
    'millrace_http_connections_dropped_total',
    'Connections over http.maxConnections.',
  );
  return {
    request: (route, status) => requests.add({ route, status }),
    admitted: (queue, jobs) => admitted.add({ queue }, jobs),
    refused: (queue, code) => refused.add({ queue, code }),
    letter: (queue, deed) => letters.add({ queue, deed }),
    line: (status) => lines.add({ status }),
    dropped: () => dropped.add({}),
    text(gauges) {
      const counters = [requests, admitted, refused, lines, letters, dropped].map((counter) =>
        counter.text(),
      );
      const now = Object.entries(gauges).map(([name, [help, value]]) =>
        [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${value}`].join('\n'),
      );
      return `${[...counters, ...now].join('\n')}\n`;
    },
  };
}
