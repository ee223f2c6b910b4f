import { isoTime, MillraceError, messageOf } from '@millrace/core';
import { type RawTraces, type Span, spansOf } from './span.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** GETs whatever is answered. Throws what the network throws. */
export type Get = (url: URL) => Promise<Answer>;

/** Traces a query may answer: more of them at once would take hundreds of megabytes. */
const NUM_TRACES = 1_000;
/** A slice this thin is not halved any more; the query may then answer more traces. */
const THINNEST_US = 1_000;
const MOST_TRACES = 20_000;
const FIRST_SLICE_US = 5_000_000;

/** Which spans to look for, where. */
interface Target {
  readonly service: string;
  readonly operation: string;
}

export interface JaegerRange {
  /** µs since 1970. */
  readonly fromUs: number;
  readonly untilUs: number;
}

/** With all its µs, which an ISO time of ms has not. */
function isoMicros(us: number): string {
  const seconds = Math.floor(us / 1e6);
  const rest = String(Math.floor(us - seconds * 1e6)).padStart(6, '0');
  return `${isoTime(seconds * 1e3).slice(0, 19)}.${rest}Z`;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** A server that knows no such page says 404 too, but not in these words. */
function isNothingFound({ status, body }: Answer): boolean {
  if (status !== 404) return false;
  const said = parsed(body) as { readonly error?: { readonly httpCode?: unknown } } | null | undefined;
  return said?.error?.httpCode === 404;
}

/** Reads a Jaeger over its `api/v3`, slice by slice: never more than a few hundred traces in memory. */
export class Jaeger {
  readonly #url: URL;
  readonly #get: Get;
  readonly warnings: string[] = [];

  constructor(url: URL, get: Get) {
    this.#url = url;
    this.#get = get;
  }

  /**
   * Hands on every span of the traces that hold an attempt or a recovery in the range; some more than once. Throws
   * `run_unreadable` when there is no Jaeger.
   */
  async read(range: JaegerRange, onSpan: (span: Span) => void): Promise<void> {
    for (const target of await this.#targets()) await this.#readTarget(target, range, onSpan);
  }

  async #targets(): Promise<Target[]> {
    const targets: Target[] = [];
    for (const service of await this.#list('services', {})) {
      if (typeof service !== 'string') continue;
      for (const one of await this.#list('operations', { service })) {
        const operation = (one as { readonly name?: unknown } | null)?.name;
        if (typeof operation !== 'string') continue;
        if (operation === 'recover' || operation.startsWith('process ')) targets.push({ service, operation });
      }
    }
    return targets.filter((one, i) => targets.findIndex((two) => isSame(one, two)) === i);
  }

  /** What the answer lists under the name that was asked for; nothing found is nothing. */
  async #list(what: string, query: Readonly<Record<string, string>>): Promise<readonly unknown[]> {
    const answer = (await this.#ask(what, query)) ?? {};
    const list = (answer as Readonly<Record<string, unknown>>)[what] ?? [];
    if (Array.isArray(answer) || !Array.isArray(list))
      throw this.#unreadable(`does not answer like Jaeger's api/v3: it tells no list of ${what}`);
    return list;
  }

  async #readTarget(target: Target, range: JaegerRange, onSpan: (span: Span) => void): Promise<void> {
    let sliceUs = FIRST_SLICE_US;
    for (let fromUs = range.fromUs; fromUs < range.untilUs; ) {
      const untilUs = Math.min(range.untilUs, fromUs + sliceUs);
      const limit = sliceUs > THINNEST_US ? NUM_TRACES : MOST_TRACES;
      const spans = await this.#slice(target, { fromUs, untilUs }, limit);
      const traces = new Set(spans.map(({ traceId }) => traceId)).size;
      if (traces >= limit && sliceUs > THINNEST_US) {
        sliceUs = Math.max(THINNEST_US, sliceUs / 2);
        continue;
      }
      if (traces >= limit)
        this.warnings.push(`Jaeger holds more than ${limit} traces in one ms: some of them are missing.`);
      for (const span of spans) onSpan(span);
      fromUs = untilUs;
      if (traces < limit / 4) sliceUs *= 2;
    }
  }

  async #slice({ service, operation }: Target, range: JaegerRange, limit: number): Promise<Span[]> {
    const answer = (await this.#ask('traces', {
      'query.service_name': service,
      'query.operation_name': operation,
      'query.start_time_min': isoMicros(range.fromUs),
      'query.start_time_max': isoMicros(range.untilUs),
      'query.num_traces': String(limit),
    })) as { readonly result?: RawTraces } | null;
    return spansOf(answer?.result ?? {});
  }

  /** Null where Jaeger has found nothing. */
  async #ask(what: string, query: Readonly<Record<string, string>>): Promise<unknown> {
    const url = new URL(`api/v3/${what}`, this.#url.href.endsWith('/') ? this.#url : `${this.#url.href}/`);
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    const answer = await this.#get(url).catch((error) => {
      throw this.#unreadable(`does not answer: ${messageOf(error)}`, error);
    });
    if (isNothingFound(answer)) return null;
    const said = answer.status === 200 ? parsed(answer.body) : undefined;
    if (typeof said === 'object' && said !== null) return said;
    const heard = answer.status === 200 ? 'what is no JSON' : answer.status;
    throw this.#unreadable(`does not answer like Jaeger's api/v3: it says ${heard} to ${url.pathname}`);
  }

  #unreadable(why: string, cause?: unknown): MillraceError {
    const advice = 'Start one, or name it with --jaeger URL; events and OTLP files are read without one.';
    const sentence = `Jaeger at ${this.#url.href} ${why}. ${advice}`;
    return new MillraceError('run_unreadable', sentence, { cause });
  }
}

const isSame = (a: Target, b: Target) => a.service === b.service && a.operation === b.operation;
