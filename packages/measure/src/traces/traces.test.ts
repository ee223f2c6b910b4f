import { describe, expect, it } from 'vitest';
import type { JobDoneEvent, RunEventLine } from '../events.ts';
import { gatherReports, type Sources } from '../gather.ts';
import { DEFAULT_SETTINGS } from '../summary/summarize.ts';
import { fakeJaeger } from '../testing/fake-jaeger.ts';
import { type ExampleSpan, otlpOf, processSpanOf } from '../testing/otlp.ts';
import { bytesOf, exampleRun, RUN } from '../testing/runs.ts';

const START = RUN.started_unix_us;
const RUN_OF = { id: 'r1', startedUs: START };
const URL_OF = new URL('http://127.0.0.1:16686');

const isDone = (line: RunEventLine): line is JobDoneEvent => line.event === 'job_done';
const lines = exampleRun();
const spans = lines.filter(isDone).map((job) => processSpanOf(job, RUN_OF));

const sources = (given: Partial<Sources>): Sources => ({ files: [], jaeger: null, runId: null, ...given });
const jaegerOf = (store: { get: NonNullable<Sources['jaeger']>['get'] }) => ({
  ...{ url: URL_OF, get: store.get, fromUs: START - 60_000_000, untilUs: START + 600_000_000 },
});
const file = (name: string, content: readonly unknown[]) => ({ name, chunks: bytesOf(content) });
const report = (given: Partial<Sources>) => gatherReports(sources(given), DEFAULT_SETTINGS);
const said = (given: Partial<Sources>) => report(given).catch((error) => `${error.code}: ${error.message}`);

describe('Jaeger', () => {
  it('is read whole, in slices of no more traces than asked for', async () => {
    const crowded = Array.from({ length: 5_000 }, (_, id) => {
      const at = START + 2_000_000 + id * 20;
      const [trace, span] = [String(id + 50_000).padStart(32, '0'), String(id + 50_000).padStart(16, '0')];
      const attributes = { 'millrace.run.id': 'r1', 'millrace.outcome': 'completed' };
      return {
        name: 'process b',
        traceId: trace,
        spanId: span,
        kind: 5,
        startUs: at,
        endUs: at + 500,
        attributes,
      };
    });
    const store = fakeJaeger([...spans, ...crowded]);
    const [one] = await report({ jaeger: jaegerOf(store) });
    expect(one?.sources[0].jobs.done).toBe(7_000);
    expect(store.most).toBeLessThanOrEqual(1_000);
    expect(store.queries).toBeLessThan(100);
  });

  it('has a trace twice where its attempts lie in two slices; each span counts once', async () => {
    const later = spans.slice(0, 50).map((span, i) => ({
      ...span,
      spanId: `a${span.spanId.slice(1)}`,
      startUs: span.startUs + 8_000_000 + i,
      endUs: span.endUs + 8_000_000 + i,
    }));
    const [one] = await report({ jaeger: jaegerOf(fakeJaeger([...spans, ...later])) });
    expect(one?.sources[0].jobs.done).toBe(2_050);
  });

  it('that is empty, or does not answer, or has not that run, is said', async () => {
    expect(await said({ jaeger: jaegerOf(fakeJaeger([])) })).toMatch(
      /run_unreadable: .* no process span in that time/,
    );
    const down = { get: async () => Promise.reject(new Error('connect ECONNREFUSED')) };
    expect(await said({ jaeger: jaegerOf(down) })).toMatch(/does not answer: connect ECONNREFUSED.*--jaeger/);
    expect(await said({ jaeger: jaegerOf(fakeJaeger(spans)), runId: 'r9' })).toMatch(/none of run r9/);
  });

  it.each([
    ['a server that knows no such page', 404, '<h1>Not Found</h1>', /it says 404 to \/api\/v3\/services/],
    ['another API', 404, '{"status":404,"title":"There is no such thing"}', /it says 404 to/],
    ['a page for everything', 200, '<!doctype html>', /it says what is no JSON to/],
    ['what lists no services', 200, '{"services":{"a":1}}', /it tells no list of services/],
    ['a list of nothing', 200, '[]', /it tells no list of services/],
    ['a sick server', 500, '', /it says 500 to/],
  ])('is not %s, and no empty one', async (_, status, body, what) => {
    const why = await said({ jaeger: jaegerOf({ get: async () => ({ status, body }) }) });
    expect(why).toMatch(/^run_unreadable: .* does not answer like Jaeger's api\/v3: .*--jaeger URL/);
    expect(why).toMatch(what);
  });

  it('beside the events file of the same run is compared with it, and told how far they agree', async () => {
    const [one, ...rest] = await report({
      files: [file('run.jsonl', lines)],
      jaeger: jaegerOf(fakeJaeger(spans)),
    });
    expect(rest).toEqual([]);
    expect(one?.sources.map(({ source }) => source)).toEqual(['jsonl', 'jaeger']);
    expect(one?.agreement.map(({ figure }) => figure)).toContain('total p99');
    for (const { difference } of one?.agreement ?? []) expect(Math.abs(difference ?? 0)).toBeLessThan(0.005);
  });

  it('that is away, or has not that run, takes nothing from its events file: the report says so', async () => {
    const down = { get: async () => Promise.reject(new Error('connect ECONNREFUSED')) };
    for (const [store, why] of [
      [down, /^The report is without Jaeger's traces: .* does not answer: connect ECONNREFUSED/],
      [fakeJaeger([]), /^The report is without Jaeger's traces: .* no process span/],
      [fakeJaeger(spans.map((span) => ({ ...span, attributes: {} }))), /holds none of run r1/],
    ] as const) {
      const [one] = await report({ files: [file('run.jsonl', lines)], jaeger: jaegerOf(store) });
      expect(one?.sources.map(({ source }) => source)).toEqual(['jsonl']);
      expect(one?.sources[0].jobs.done).toBe(2_000);
      expect(one?.sources[0].warnings).toEqual([expect.stringMatching(why)]);
    }
  });

  it('with several runs gives the latest, and names the others', async () => {
    const other = spans.map((span) => ({
      ...span,
      spanId: `b${span.spanId.slice(1)}`,
      startUs: span.startUs + 90_000_000,
      endUs: span.endUs + 90_000_000,
      attributes: { ...span.attributes, 'millrace.run.id': 'r2' },
    }));
    const store = jaegerOf(fakeJaeger([...spans, ...other]));
    const [latest] = await report({ jaeger: store });
    expect([latest?.runId, latest?.sources[0].warnings[0]]).toEqual([
      'r2',
      expect.stringContaining('1 other runs'),
    ]);
    const [named] = await report({ jaeger: store, runId: 'r1' });
    expect([named?.runId, named?.sources[0].jobs.done]).toEqual(['r1', 2_000]);
  });
});

describe('weights', () => {
  it('make percentiles of sampled spans those of all jobs', async () => {
    const run = exampleRun({ jobs: 20_000, everyMs: 1, serviceMs: (id) => 1 + ((id * 7_919) % 997) / 10 });
    // All slow ones, and a tenth of the others: without weights p50 would be far too high.
    const isSlow = (job: JobDoneEvent) => job.done_us - job.started_us > 95_000;
    const sampled = run.filter(isDone).flatMap((job) => {
      if (isSlow(job)) return [processSpanOf(job, RUN_OF, 1)];
      return (job.id * 31) % 100 < 10 ? [processSpanOf(job, RUN_OF, 10)] : [];
    });
    const [one] = await report({ files: [file('run.jsonl', run), file('spans.json', [otlpOf(sampled)])] });
    expect(one?.sources[1]?.records).toBeLessThan(3_200);
    for (const { figure, difference } of one?.agreement ?? [])
      expect([figure, Math.abs(difference ?? 0) < 0.05]).toEqual([figure, true]);
  });
});

describe('a death', () => {
  const at = (ms: number) => START + ms * 1_000;
  const recovery = (attributes: ExampleSpan['attributes']): ExampleSpan[] => {
    const root = { traceId: 'f'.repeat(32), spanId: 'f'.repeat(16) };
    const phase = (name: string, spanId: string, from: number, to: number): ExampleSpan => ({
      ...{ name, traceId: root.traceId, spanId, parentSpanId: root.spanId, kind: 1 },
      ...{ startUs: at(from), endUs: at(to) },
    });
    return [
      {
        ...{ name: 'recover', ...root, kind: 1, startUs: at(3_001), endUs: at(3_060), error: 'worker died' },
        attributes: { 'messaging.client.id': 'w1', 'millrace.death.cause': 'crash', ...attributes },
      },
      phase('detect', 'e000000000000001', 3_001, 3_003),
      phase('fence', 'e000000000000002', 3_003, 3_004),
      phase('reclaim', 'e000000000000003', 3_004, 3_010),
      phase('restart', 'e000000000000004', 3_010, 3_015),
      phase('restart', 'e000000000000005', 3_010, 3_040),
    ];
  };
  const phases = { detectMs: 2, fenceMs: 3, reclaimMs: 9, firstOrphanMs: 14, lastOrphanMs: 39 };

  it('is told by the root of its trace, exactly, or else by its phases', async () => {
    const exact = {
      'millrace.recovery.detect_us': 2_100,
      'millrace.recovery.last_orphan_us': 38_400,
      'millrace.recovery.orphans': 2,
    };
    for (const [attributes, wanted] of [
      [{}, phases],
      [exact, { ...phases, detectMs: 2.1, lastOrphanMs: 38.4, orphans: 2 }],
    ] as const) {
      const [one] = await report({ jaeger: jaegerOf(fakeJaeger([...spans, ...recovery(attributes)])) });
      expect(one?.sources[0].recoveries).toMatchObject([{ worker: 'w1', cause: 'crash', ...wanted }]);
    }
  });

  it('has its orphans’ return from their own next attempts, where they are all there', async () => {
    const [first, second] = [spans[700], spans[701]] as [ExampleSpan, ExampleSpan];
    const linked = recovery({
      'millrace.recovery.orphans': 2,
      'millrace.recovery.last_orphan_us': 1_000,
    }).map((span) =>
      span.name === 'restart'
        ? { ...span, links: [spans[0] as ExampleSpan, span.endUs === at(3_040) ? first : second] }
        : span,
    );
    const told = async (all: readonly ExampleSpan[]) =>
      (await report({ jaeger: jaegerOf(fakeJaeger(all)) }))[0]?.sources[0].recoveries[0];
    const since = (span: ExampleSpan) => (span.startUs - at(3_001)) / 1_000;
    const whole = await told([...spans, ...linked]);
    expect(whole?.firstOrphanMs).toBeCloseTo(since(first), 0);
    expect(whole?.lastOrphanMs).toBeCloseTo(since(second), 0);
    expect(whole?.reclaimMs).toBe(9);
    const missing = spans.filter((span) => span !== second);
    expect((await told([...missing, ...linked]))?.lastOrphanMs).toBe(1);
  });

  it('is compared with the events file from the same moment: the kill', async () => {
    const died = { worker: 'w1', drawn: 1, slot: 1, cause: 'SIGKILL' };
    const crash = { event: 'worker_crash' as const, ...died, at_us: 3_000_000 };
    const job = lines.find((line) => isDone(line) && line.started_us > 3_040_000) as JobDoneEvent;
    const killed = {
      event: 'job_killed' as const,
      id: job.id,
      worker: 'w1',
      started_us: 2_999_000,
      at_us: 3_010_000,
    };
    const [one] = await report({
      files: [file('run.jsonl', [lines[0], crash, killed, ...lines.slice(1)])],
      jaeger: jaegerOf(fakeJaeger([...spans, ...recovery({})])),
    });
    const last = one?.agreement.find(({ figure }) => figure === 'death 1: last orphan runs');
    expect(last?.first).toBeCloseTo((job.started_us - 3_000_000) / 1_000, 1);
    expect(last?.other).toBe(40);
    // What the events file does not tell is told by the trace, from the kill too.
    expect(one?.sources[0].recoveries).toMatchObject([{ detectMs: null, fenceMs: null, traceId: null }]);
    expect(one?.recoveries).toMatchObject([
      { ...{ cause: 'SIGKILL', slot: 1, detectMs: 3, fenceMs: 4, reclaimMs: 10 }, traceId: 'f'.repeat(32) },
    ]);
    expect(one?.recoveries[0]?.lastOrphanMs).toBe(one?.sources[0].recoveries[0]?.lastOrphanMs);
  });
});

describe('calls that handlers make', () => {
  it('are the first cause where they take most of the time', async () => {
    const slow = lines
      .filter(isDone)
      .slice(0, 200)
      .flatMap((job): ExampleSpan[] => {
        const process = processSpanOf({ ...job, done_us: job.started_us + 400_000 }, RUN_OF);
        const own = { traceId: process.traceId, startUs: process.startUs, endUs: process.startUs + 390_000 };
        const grouping = { ...own, name: 'load', kind: 1, spanId: `c${process.spanId.slice(1)}` };
        const call = { ...own, name: 'GET /prices', kind: 3, spanId: `d${process.spanId.slice(1)}` };
        return [
          process,
          { ...grouping, parentSpanId: process.spanId },
          { ...call, parentSpanId: grouping.spanId },
        ];
      });
    const [one] = await report({ files: [file('spans.json', [otlpOf(slow)])] });
    expect(one?.diagnosis[0]).toMatchObject({
      cause: 'slow_downstream',
      evidence: [
        expect.stringContaining('98 % of the handlers\' time went into calls "GET /prices" (390 ms each)'),
      ],
    });
  });
});

describe('attempts that did not complete', () => {
  it('are errors by kind, or kills; none is in the percentiles', async () => {
    const [first] = spans as [ExampleSpan];
    const ended = (i: number, outcome: string, error: string): ExampleSpan => ({
      ...first,
      spanId: `9${String(i).padStart(15, '0')}`,
      attributes: { ...first.attributes, 'millrace.outcome': outcome, 'error.type': 'TypeError' },
      error,
    });
    const more = [
      ended(1, 'failed', 'no 17'),
      ended(2, 'retried', 'no 18'),
      ended(3, 'killed', 'died'),
      ended(4, 'returned', ''),
    ];
    const [one] = await report({ files: [file('spans.json', [otlpOf([...spans, ...more])])] });
    const [summary] = one?.sources ?? [];
    expect(summary?.errors).toEqual([['TypeError: no n', 2]]);
    expect(summary?.jobs).toMatchObject({ done: 2_000, failedAttempts: 2, killedAttempts: 1 });
  });
});
