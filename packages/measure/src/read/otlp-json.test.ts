import { describe, expect, it } from 'vitest';
import type { JobDoneEvent, RunEventLine } from '../events.ts';
import { gatherReports } from '../gather.ts';
import { DEFAULT_SETTINGS } from '../summary/summarize.ts';
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

  it('that are cut off are read up to there; a bad line in between is refused by its number', async () => {
    async function* cut() {
      yield* bytesOf([document]);
      yield new TextEncoder().encode('{"resourceSpans":[{"resou');
    }
    const [one] = await report({ files: [{ name: 'spans.json', chunks: cut() }] });
    expect(one?.sources[0].warnings).toEqual([
      'spans.json: line 2 is cut off: what stands before it was used.',
    ]);
    expect(await said({ files: [file('spans.json', [document, 'garbage', document])] })).toMatch(
      /spans\.json .* line 2 is no JSON/,
    );
  });
});
