import { parseTimeMs } from '@millrace/core';
import type { Answer, Get } from '../traces/jaeger.ts';
import { type ExampleSpan, otlpOf } from './otlp.ts';

const usOf = (time: string) =>
  (parseTimeMs(`${time.slice(0, 19)}Z`) ?? 0) * 1_000 + Number(time.slice(20, 26));

const said = (body: object, status = 200): Answer => ({ status, body: JSON.stringify(body) });

/** As Jaeger says it. */
const NOTHING = said({ error: { httpCode: 404, message: 'No traces found' } }, 404);

/** A trace store that answers as Jaeger's api/v3 does: whole traces, never more than asked for, 404 for none. */
export function fakeJaeger(spans: readonly ExampleSpan[]): { get: Get; queries: number; most: number } {
  const byTrace = Map.groupBy(spans, ({ traceId }) => traceId);
  const state = { get, queries: 0, most: 0 };

  async function get({ pathname, searchParams }: URL): Promise<Answer> {
    const at = (key: string) => searchParams.get(key) ?? '';
    if (pathname.endsWith('/services')) return said({ services: ['millrace-worker'] });
    if (pathname.endsWith('/operations')) {
      return said({ operations: [...new Set(spans.map(({ name }) => name))].map((name) => ({ name })) });
    }
    state.queries += 1;
    const [from, until] = [usOf(at('query.start_time_min')), usOf(at('query.start_time_max'))];
    const isFound = ({ name, startUs }: ExampleSpan) =>
      name === at('query.operation_name') && startUs >= from && startUs <= until;
    const found = [...byTrace.values()].filter((trace) => trace.some(isFound));
    const told = found.slice(-Number(at('query.num_traces')));
    state.most = Math.max(state.most, told.length);
    return told.length === 0 ? NOTHING : said({ result: otlpOf(told.flat()) });
  }
  return state;
}
