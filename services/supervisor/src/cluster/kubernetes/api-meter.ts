import { type MetricFamily, numberFamily } from '@millrace/telemetry';
import type { Verb } from './api.ts';

/** Calls whose latency is kept, for each verb and status. */
interface Calls {
  readonly verb: string;
  readonly code: string;
  count: number;
  sumMs: number;
}

/** What is known of our talk with the API server. Times are ms of one monotonic clock. */
export interface ApiMeter {
  /** The server said something, whatever it was: it is there. */
  answered(atMs: number): void;
  /** `status` 0: no answer came. */
  called(verb: Verb | 'WATCH', status: number, tookMs: number): void;
  watchRestarted(resource: string): void;
  eventDropped(): void;
  /** Ms since the server's last answer. */
  staleMs(nowMs: number): number;
  /** The server was away from `sinceMs` until `untilMs`; null where it was not in the time that is remembered. */
  lastOutage(): Outage | null;
  families(nowMs: number): MetricFamily[];
}

export interface Outage {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** A pause between two answers that is longer than this was an outage: the Lease alone asks twice a second. */
export const OUTAGE_MS = 4_000;

/** See {@link ApiMeter}; `startedMs` counts as the first answer. */
export function createApiMeter(startedMs: number): ApiMeter {
  const calls = new Map<string, Calls>();
  const restarts = new Map<string, number>();
  let lastMs = startedMs;
  let outage: Outage | null = null;
  let dropped = 0;

  return {
    answered(atMs) {
      if (atMs - lastMs > OUTAGE_MS) outage = { sinceMs: lastMs, untilMs: atMs };
      lastMs = atMs;
    },
    called(verb, status, tookMs) {
      const code = status === 0 ? 'none' : String(status);
      const key = `${verb} ${code}`;
      const known = calls.get(key) ?? { verb, code, count: 0, sumMs: 0 };
      known.count += 1;
      known.sumMs += tookMs;
      calls.set(key, known);
    },
    watchRestarted: (resource) => void restarts.set(resource, (restarts.get(resource) ?? 0) + 1),
    eventDropped() {
      dropped += 1;
    },
    staleMs: (nowMs) => Math.max(0, nowMs - lastMs),
    lastOutage: () => outage,
    families(nowMs) {
      const all = [...calls.values()];
      const labels = ({ verb, code }: Calls) => ({ verb: verb.toLowerCase(), code });
      const ofCalls = (value: (calls: Calls) => number) =>
        all.map((each) => ({ labels: labels(each), value: value(each) }));
      const ofResources = [...restarts].map(([resource, value]) => ({ labels: { resource }, value }));
      return [
        numberFamily(
          'gauge',
          'millrace_kubernetes_staleness_seconds',
          'Age of the last answer of the API server.',
          Math.max(0, nowMs - lastMs) / 1_000,
        ),
        numberFamily(
          'counter',
          'millrace_kubernetes_calls_total',
          'Calls to the API server, by verb and status.',
          ofCalls(({ count }) => count),
        ),
        numberFamily(
          'counter',
          'millrace_kubernetes_call_seconds_total',
          'Time that those calls took.',
          ofCalls(({ sumMs }) => sumMs / 1_000),
        ),
        numberFamily(
          'counter',
          'millrace_kubernetes_watch_restarts_total',
          'Watches that were opened again, by resource.',
          ofResources,
        ),
        numberFamily(
          'counter',
          'millrace_kubernetes_events_dropped_total',
          'Events that were not written, since there were too many.',
          dropped,
        ),
      ];
    },
  };
}
