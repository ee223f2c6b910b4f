import { describe, expect, it } from 'vitest';
import { readEvents } from '../read/jsonl.ts';
import { reportOn } from '../report.ts';
import { DEFAULT_SETTINGS } from '../summary/summarize.ts';
import { bytesOf, exampleRun, RUN, type RunShape } from '../testing/runs.ts';
import { compareRuns } from './compare.ts';

/** Its checksum cannot be right, so it is said to be of no known workload. */
const config = { ...RUN.config, work_min: 'none' };

async function reportOf(shape: RunShape) {
  const book = await readEvents(
    bytesOf(exampleRun({ ...shape, config: { ...config, ...shape.config } })),
    'a',
    100,
  );
  return reportOn([book], DEFAULT_SETTINGS);
}

const compared = async (...shapes: RunShape[]) => compareRuns(await Promise.all(shapes.map(reportOf)));
const go: RunShape = { run: { system: 'go' } };

describe('two runs', () => {
  it('of the same jobs on the same machine are compared, and a winner is named where they differ', async () => {
    const { comparable, runs, winners, figures } = await compared(go, { serviceMs: () => 3 });
    expect([comparable, runs]).toEqual([true, ['go', 'millrace']]);
    expect(winners).toMatchObject({ 'service p50': 'millrace', 'total p99': 'millrace' });
    expect(winners).not.toHaveProperty('throughput');
    expect(figures.find(({ figure }) => figure === 'service p50')?.ratios[1]).toBeCloseTo(3 / 11, 1);
  });

  it.each<[string, RunShape, string, 'fundamental' | 'accidental']>([
    ['machines', { run: { cpu: 'other' } }, 'the machines differ: cpu', 'accidental'],
    ['cores', { run: { cores: 8 } }, 'the machines differ: cores is 2, 8', 'accidental'],
    ['jobs', { config: { seed: 7 } }, 'the jobs differ: seed is 42, 7', 'accidental'],
    [
      'deviations',
      { run: { deviations: ['a timer wheel'] } },
      'not every run deviates so: a timer wheel',
      'fundamental',
    ],
    [
      'an accident of one',
      { metrics: { host: { steal_ratio: 0.4 } } },
      'had an accident: noisy host',
      'accidental',
    ],
    ['the speed of a step', { run: { ns_per_step: 9 } }, 'a step took 1.3, 9 ns', 'accidental'],
  ])('are not comparable with different %s', async (_, shape, what, kind) => {
    const { comparable, obstacles, winners, figures } = await compared({}, shape);
    expect([comparable, winners]).toEqual([false, {}]);
    expect(obstacles).toEqual([{ what: expect.stringContaining(what), kind }]);
    expect(figures.length).toBeGreaterThan(5);
  });

  it('are not comparable with a wrong checksum, or with lost jobs', async () => {
    const wrong = await reportOf({ config: RUN.config });
    const lost = await readEvents(bytesOf(exampleRun({ config }).slice(0, 1_900)), 'a', 100);
    const { obstacles } = compareRuns([wrong, reportOn([lost], DEFAULT_SETTINGS)]);
    expect(obstacles.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['the checksum of millrace #1 is wrong', 'millrace #2 lost 101 jobs']),
    );
  });

  it('are not comparable where machine or jobs are not told, or the checksums that nobody knows differ', async () => {
    const bare = await compared(
      {},
      { run: { cpu: undefined as never }, config: { jobs: undefined as never } },
    );
    expect(bare.obstacles.map(({ what }) => what)).toContain('millrace #2 does not tell cpu, config.jobs');
    const differing = await compared({}, { jobs: 1_999 });
    expect(differing.obstacles.map(({ what }) => what)).toContainEqual(
      expect.stringMatching(/^the checksums differ: /),
    );
  });

  it('of a sweep are compared: what it varies is what is asked', async () => {
    const { comparable } = await compared({ config: { workers: 8 } }, { config: { workers: 64 } });
    expect(comparable).toBe(true);
  });
});
