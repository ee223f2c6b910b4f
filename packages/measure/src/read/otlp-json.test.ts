import { describe, expect, it } from 'vitest';
import type { JobDoneEvent, RunEventLine } from '../events.ts';
import { gatherReports } from '../gather.ts';
import { DEFAULT_SETTINGS } from '../summary/summarize.ts';
import { fakeJaeger } from '../testing/fake-jaeger.ts';
import { otlpOf, processSpanOf } from '../testing/otlp.ts';
import { bytesOf, exampleRun, RUN } from '../testing/runs.ts';

const isDone = (line: RunEventLine): line is JobDoneEvent => line.event === 'job_done';
const run = { id: 'r1', startedUs: RUN.started_unix_us };
const spans = exampleRun()
  .filter(isDone)
  .map((job) => processSpanOf(job, run));

type File = { readonly name: string; readonly chunks: AsyncIterable<Uint8Array> };
const file = (name: string, content: readonly unknown[]): File => ({ name, chunks: bytesOf(content) });
const report = ({
  files,
  runId = null,
}: {
  readonly files: readonly File[];
  readonly runId?: string | null;
}) => gatherReports({ files, jaeger: null, runId }, DEFAULT_SETTINGS);
const said = (given: Parameters<typeof report>[0]) =>
  report(given).catch((error) => `${error.code}: ${error.message}`);

describe('several sources', () => {
  const events = exampleRun();
  const second = { ...RUN, run_id: 'r2' };
  const traces = otlpOf(spans);

  it('give what they have of the run that is named', async () => {
    const files = () => [file('r2.jsonl', [second, ...events.slice(1)]), file('r1.json', [traces])];
    expect((await report({ files: files(), runId: 'r1' })).map(({ runId }) => runId)).toEqual(['r1']);
    const [two, ...rest] = await report({ files: files(), runId: 'r2' });
    expect([two?.runId, rest]).toEqual(['r2', []]);
    expect(two?.sources[0].warnings).toEqual([
      expect.stringMatching(/^The report is without the traces of files: r1\.json/),
    ]);
    expect(await said({ files: files(), runId: 'r9' })).toMatch(
      /nothing of run r9 to report on: r2\.jsonl is of r2; .*r1\.json cannot be reported on: it holds none of run r9/,
    );
  });

  it('of different runs are told one after the other, those of one run together', async () => {
    const files = [file('r2.jsonl', [second, ...events.slice(1)]), file('r1.json', [traces])];
    expect((await report({ files })).map(({ runId }) => runId)).toEqual(['r2', 'r1']);
    const later = spans.map((span) => ({
      ...{ ...span, spanId: `b${span.spanId.slice(1)}` },
      attributes: { ...span.attributes, 'millrace.run.id': 'r3' },
    }));
    const both = [file('r1.json', [traces]), file('r3.json', [otlpOf(later)])];
    expect((await report({ files: both })).map(({ runId }) => runId).toSorted()).toEqual(['r1', 'r3']);
    const jaeger = {
      url: new URL('http://127.0.0.1:1'),
      get: fakeJaeger(spans).get,
      fromUs: run.startedUs,
      untilUs: run.startedUs + 60_000_000,
    };
    const [one, ...rest] = await gatherReports(
      { files: [file('r1.json', [traces])], jaeger, runId: null },
      DEFAULT_SETTINGS,
    );
    expect([one?.sources.map(({ source }) => source), rest]).toEqual([['otlp-json', 'jaeger'], []]);
  });
});

describe('OTLP-JSON files', () => {
  const document = otlpOf(spans);
  const rawSpan = () => ({
    ...{ traceId: 'a'.repeat(32), spanId: 'a'.repeat(16), name: 'process b', kind: 5 },
    ...{ startTimeUnixNano: '1000', endTimeUnixNano: '2000' },
  });

  it.each([
    ['a batch a line', [otlpOf(spans.slice(0, 900)), otlpOf(spans.slice(900))]],
    ['one document over many lines', ['', ...JSON.stringify(document, null, 2).split('\n')]],
    ['the same spans twice', [document, document]],
  ])('as %s are read', async (_, content) => {
    const [one] = await report({ files: [file('spans.json', content)] });
    expect(one?.sources[0]).toMatchObject({ source: 'otlp-json', records: 2_000, runId: 'r1' });
  });

  it.each([
    [{ resourceSpans: 5 }],
    [{ resourceSpans: [null, { scopeSpans: {} }, { scopeSpans: [null, { spans: [null, 'x'] }] }] }],
    [{ resourceSpans: [{ scopeSpans: [{ spans: [{ ...rawSpan(), attributes: {}, links: null }] }] }] }],
    [{ resourceSpans: [{ scopeSpans: [{ spans: [{ ...rawSpan(), attributes: [null], links: [null] }] }] }] }],
  ])('with %j in them are read without what is no span', async (garbage) => {
    const [one] = await report({ files: [file('spans.json', [document, garbage])], runId: 'r1' });
    expect(one?.sources[0].jobs.done).toBe(2_000);
  });

  it.each([
    ['{"resourceSpans":"x"}', /spans\.json .* it is garbled: its resourceSpans are no list/],
    ['{\n"resourceSpans": 5\n}', /it is garbled/],
    ['{"resourceSpans":[]}', /spans\.json .* it holds no process span\.$/],
  ])('with %j alone are refused for what they are', async (content, why) => {
    expect(await said({ files: [file('spans.json', content.split('\n'))] })).toMatch(why);
  });

  it('that are cut off are read up to there; a bad line is left out, two are refused by the first’s number', async () => {
    async function* cut() {
      yield* bytesOf([document]);
      yield new TextEncoder().encode('{"resourceSpans":[{"resou');
    }
    const [one] = await report({ files: [{ name: 'spans.json', chunks: cut() }] });
    expect(one?.sources[0].warnings).toEqual([
      'spans.json: line 2 is cut off: what stands before it was used.',
    ]);
    const [left] = await report({ files: [file('spans.json', [document, 'garbage', document])] });
    expect(left?.sources[0].warnings).toEqual([
      'spans.json: 1 of 3 lines cannot be used: line 2 is no JSON. What is left was used.',
    ]);
    expect(await said({ files: [file('spans.json', [document, '{"hello":1}', 'garbage'])] })).toMatch(
      /spans\.json .* 2 of 3 lines cannot be used: line 2 has no resourceSpans\./,
    );
  });

  it.each([
    ['a weight below 1', { 'millrace.sampling.weight': -100 }, {}],
    ['an endless weight', { 'millrace.sampling.weight': 1e300 }, {}],
    ['an end before its start', {}, { endUs: RUN.started_unix_us - 1_000_000_000 }],
    ['the time 0', {}, { startUs: 0 }],
    ['a time of 40 digits', {}, { endUs: `1${'0'.repeat(40)}` as unknown as number }],
  ])(
    'with %s in one span in two are refused; in one of many it is left out',
    async (_, attributes, times) => {
      const bad = spans.map((span, i) =>
        i % 2 === 0 ? span : { ...span, ...times, attributes: { ...span.attributes, ...attributes } },
      );
      expect(await said({ files: [file('spans.json', [otlpOf(bad)])] })).toMatch(
        /1000 of 2000 spans cannot be used: in line 1,/,
      );
      const [one] = await report({
        files: [file('spans.json', [otlpOf([bad[1] as (typeof spans)[0], ...spans.slice(2)])])],
      });
      expect(one?.sources[0]).toMatchObject({
        records: 1_998,
        warnings: [expect.stringMatching(/^spans\.json: 1 of 1999 spans/)],
      });
    },
  );
});
