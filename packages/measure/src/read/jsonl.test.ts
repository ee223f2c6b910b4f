import { describe, expect, it } from 'vitest';
import { quantile } from '../figures/quantile.ts';
import { DEFAULT_SETTINGS, summarize } from '../summary/summarize.ts';
import { bytesOf, exampleRun } from '../testing/runs.ts';
import { readEvents } from './jsonl.ts';

const read = (lines: readonly unknown[], chunk?: number) =>
  readEvents(bytesOf(lines, chunk), 'run.jsonl', 100);
const refusal = (lines: readonly unknown[]) =>
  read(lines).then(
    () => 'it was read',
    (error) => `${error.code}: ${error.message}`,
  );

describe('an events file', () => {
  it('is read the same wherever its chunks end', async () => {
    const lines = [
      ...exampleRun({ jobs: 50 }),
      { event: 'job_failed', id: 3, attempt: 1, error: 'ü ☃', at_us: 5 },
    ];
    const [whole, pieces] = [await read(lines), await read(lines, 7)];
    expect(summarize(pieces, DEFAULT_SETTINGS)).toEqual(summarize(whole, DEFAULT_SETTINGS));
    expect([...pieces.errors.keys()]).toEqual(['ü ☃']);
  });

  it('gives percentiles within 1 % of an exact sort', async () => {
    const serviceMs = (id: number) => 1 + ((id * 7_919) % 1_000) ** 2 / 1_000;
    const { latency } = summarize(await read(exampleRun({ serviceMs })), DEFAULT_SETTINGS);
    const exact = Array.from({ length: 2_000 }, (_, id) => serviceMs(id));
    for (const [key, q] of [
      ['p50', 0.5],
      ['p95', 0.95],
      ['p99', 0.99],
      ['p999', 0.999],
    ] as const)
      expect(Math.abs((latency.service[key] as number) / (quantile(exact, q) as number) - 1)).toBeLessThan(
        0.01,
      );
  });

  it('counts an id once, and tells of the second time', async () => {
    const lines = exampleRun({ jobs: 20 });
    const { jobs } = summarize(await read([...lines, lines[5]]), DEFAULT_SETTINGS);
    expect(jobs).toMatchObject({ done: 20, duplicateCommits: 1, lost: 0 });
    const fewer = summarize(await read(lines.slice(0, 16)), DEFAULT_SETTINGS);
    expect(fewer.jobs).toMatchObject({ done: 15, lost: 5 });
  });

  it('has an orphan’s return from when its handler began, also where that attempt failed', async () => {
    const [run, ...jobs] = exampleRun({ jobs: 20 });
    const killed = { event: 'job_killed', id: 3, worker: 'w1', started_us: 10, at_us: 1_000 };
    const failed = { event: 'job_failed', id: 3, attempt: 2, error: 'boom', at_us: 9_000 };
    const lastOf = async (line: object) =>
      (await read([run, killed, line, ...jobs])).deathLines.deaths()[0]?.lastRestartUs;
    expect(await lastOf({ ...failed, started_us: 1_500 })).toBe(1_500);
    expect(await lastOf(failed)).toBe(9_000);
  });

  it('keeps windows and buckets of a run, not its jobs', async () => {
    async function* many(): AsyncGenerator<Uint8Array> {
      const [run, done] = exampleRun({ jobs: 1 });
      yield new TextEncoder().encode(`${JSON.stringify(run)}\n`);
      for (let from = 0; from < 60_000; from += 1_000) {
        const lines = Array.from({ length: 1_000 }, (_, i) => {
          const scheduled_us = (from + i) * 300;
          const times = {
            scheduled_us,
            enqueued_us: scheduled_us,
            started_us: scheduled_us + 50 + (i % 90) * 40,
          };
          return `${JSON.stringify({ ...done, id: from + i, ...times, done_us: scheduled_us + 20_000 })}\n`;
        });
        yield new TextEncoder().encode(lines.join(''));
      }
    }
    const book = await readEvents(many(), 'run.jsonl', 100);
    expect(book.records).toBe(60_000);
    const { windowMs, byWindow } = summarize(book, DEFAULT_SETTINGS).throughput;
    expect([windowMs, byWindow.length]).toEqual([100, 181]);
  });
});

it('says so when a run is too long for the windows that were asked for', async () => {
  const told = async (everyMs: number) =>
    summarize(await read(exampleRun({ jobs: 100, everyMs, metrics: {} })), DEFAULT_SETTINGS).warnings;
  expect(await told(1_000)).toEqual([]);
  expect(await told(200_000)).toEqual([expect.stringContaining('in windows of 800 ms')]);
});

describe('a file that is not as it should be', () => {
  const lines = exampleRun({ jobs: 300 });
  const badStart = { event: 'job_failed', id: 1, attempt: 1, error: '', started_us: '5', at_us: 9 };

  it('that is cut off is read up to there, with a warning that names the line', async () => {
    const cut = `${JSON.stringify(lines[9]).slice(0, 40)}`;
    async function* chunks() {
      yield* bytesOf(lines.slice(0, 9));
      yield new TextEncoder().encode(cut);
    }
    const book = await readEvents(chunks(), 'run.jsonl', 100);
    expect(book.records).toBe(8);
    expect(book.warnings).toEqual([expect.stringContaining('run.jsonl: line 10 is cut off')]);
  });

  it('that has one bad line is read without it, with a warning', async () => {
    const book = await read([...lines.slice(0, 100), 'no json {', ...lines.slice(100)]);
    expect(book.records).toBe(300);
    expect(book.warnings).toEqual(['run.jsonl: line 101 is no JSON object. It was left out.']);
  });

  it('does not call a job lost of which the line that was left out may tell', async () => {
    const told = await read([...lines.slice(0, 100), '@@@', ...lines.slice(101)]);
    const { jobs } = summarize(told, DEFAULT_SETTINGS);
    expect(jobs).toMatchObject({ done: 299, lost: 0, linesLeftOut: 1 });
  });

  it('of one line without an end that is none of ours is no events file', async () => {
    async function* garbage() {
      yield Uint8Array.from([0xfe, 0x01, 0x25, 0x40, 0x80]);
    }
    await expect(readEvents(garbage(), 'run.jsonl', 100)).rejects.toThrow(/line 1 is no JSON object/);
  });

  it('that tells of ends long after its own end names the two lines', async () => {
    const [run, ...jobs] = exampleRun({ jobs: 20, metrics: {} });
    const ahead = { ...jobs[3], id: 99, started_us: 3_600_000_000, done_us: 3_600_010_000 };
    const { warnings } = await read([run, ahead, ...jobs]);
    expect(warnings).toEqual([
      expect.stringMatching(/line 2 tells .* done at 3600\.0 s, and .* line \d+, are of \d\.0 s: two clocks/),
    ]);
  });

  it.each([
    ['is empty', [], /run_unreadable: run\.jsonl .* it is empty/],
    ['has blank lines alone', ['', ' '], /it is empty/],
    [
      'is garbled',
      Array.from({ length: 50 }, (_, i) => `%${i}`),
      /50 of 50 lines .* line 1 is no JSON object/,
    ],
    ['is of something else', [{ hello: 1 }, { hello: 2 }], /line 1 has no known event/],
    ['names what every object has', [{ event: 'toString' }, { event: 'valueOf' }], /no known event/],
    ['has a start that is no time', [badStart, badStart], /job_failed: started_us is missing or no number/],
    ['has no job done', [lines[0]], /not one job was done/],
    ['holds two runs', [...lines, ...lines], /line 320 begins a second run/],
    [
      'is of another schema',
      [{ ...lines[0], schema: 2 }, ...lines.slice(1)],
      /line 1 is of schema 2; this millrace reads schema 1/,
    ],
  ])('that %s is refused by name', async (_, file, said) => {
    expect(await refusal(file)).toMatch(said);
  });

  it.each([
    ['[]', /run\.jsonl .* it is no events file: line 1 is no JSON object/],
    ['{}', /it is no events file: line 1 has no known event/],
    ['{"event":"run","sch', /not one job was done/],
  ])('with %s alone is refused for what it is, ended or not', async (text, said) => {
    async function* chunks() {
      yield new TextEncoder().encode(text);
    }
    const unended = readEvents(chunks(), 'run.jsonl', 100);
    await expect(unended).rejects.toThrow(said);
    if (!text.endsWith('sch')) expect(await refusal([text])).toMatch(said);
  });

  it('without figures of the machine names a jump back of more than a minute', async () => {
    const [run, ...jobs] = exampleRun({ jobs: 20 }).filter(({ event }) => event !== 'metrics');
    const ahead = { ...jobs[3], id: 99, started_us: 3_600_000_000, done_us: 3_600_010_000 };
    const { warnings } = await read([run, ahead, ...jobs]);
    expect(warnings).toEqual([
      expect.stringMatching(/line 3 tells .* more than a minute before line 2 above it: two clocks/),
    ]);
  });

  it.each([
    [
      'scheduled after it was enqueued',
      { scheduled_us: 5_000_000_000 },
      /enqueued_us is before scheduled_us; two clocks/,
    ],
    ['an hour before the run', { scheduled_us: -3_600_000_000 }, /no time since the run's start/],
  ])('that has a job %s has no such line', async (_, times, said) => {
    const { warnings, records } = await read([...lines, { ...lines[4], id: 9_999, ...times }]);
    expect([warnings.join(), records]).toEqual([expect.stringMatching(said), 300]);
  });

  it.each([
    [
      { event: 'job_killed', id: 3, worker: 'w1', started_us: 1_000_000, at_us: 10 },
      /at_us is before started_us/,
    ],
    [{ event: 'metrics', source: 'worker', values: { log_lines: 'x' }, at_us: 10 }, /log_lines is no number/],
    [{ event: 'rss', pid: 1, bytes: -5, heap_used: null, phase: 'sample', at_us: 10 }, /memory below 0/],
  ])('with the line %j leaves it out', async (line, said) => {
    expect((await read([...lines, line])).warnings.join()).toMatch(said);
  });

  it.each([
    [
      'wall clock times',
      { at: 1_700_000_000_000_000 },
      /no time since the run's start; two clocks are mixed/,
    ],
    ['another machine’s monotonic clock', { at: -500_000 }, /done_us is before started_us; two clocks/],
  ])(
    'that mixes in %s is refused where it is much, and warned about where it is little',
    async (_, { at }, said) => {
      const mixed = (every: number) =>
        lines.map((line, i) =>
          line.event === 'job_done' && i % every === 1 ? { ...line, done_us: at } : line,
        );
      expect(await refusal(mixed(5))).toMatch(said);
      const { warnings, records } = await read(mixed(250));
      expect(warnings.join()).toMatch(said);
      expect(records).toBe(298);
    },
  );

  it('with a line of another kind that has no figures is told by its field', async () => {
    const { worker: _, ...rest } = lines[4] as unknown as Record<string, unknown>;
    expect((await read([...lines, rest])).warnings.join()).toContain(
      'job_done: worker is missing or no string',
    );
  });
});
