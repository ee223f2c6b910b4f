import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../loadtests/lib/report.ts';
import { call } from '../support/http.ts';
import { archivedLoadtest, hasK6, type LoadTest, loadtest, spawnLoadtest } from '../support/k6.ts';
import { endOf, millraceUp, type RunningPlatform } from '../support/millrace-cli.ts';
import { type Tamper, tamperingProxy } from '../support/tampering-proxy.ts';

const SETTINGS = `
worker: { processes: 1, concurrency: 16, healthPort: 0 }
`;
/** Loose where the machine decides; the verdict of the books is exact. */
const SHORT = ['--duration', '6s', '--rate', '10', '--accept-p95', '20s', '--wait-p95', '20s'];
const A_TEST_MS = 90_000;
const ADDS = '/v1/queues/workload/jobs';

if (!hasK6()) console.warn('k6 is not on the PATH: the load tests themselves are not tested');

let platform: RunningPlatform;
beforeAll(async () => {
  if (hasK6()) platform = await millraceUp(SETTINGS);
}, 120_000);
afterAll(() => platform?.remove());

/** What a busy machine decides is left out. */
const crossed = (report: Report) =>
  report.verdict
    .filter(({ ok, metric }) => !ok && metric !== 'dropped_iterations')
    .map(({ metric }) => metric);

/** The exit code and why; of a run that did not even begin, what k6 said. */
function verdictOf({ code, report, err }: Pick<LoadTest, 'code' | 'report' | 'err'>) {
  return { code, crossed: crossed(report), ...(report.run === null ? { err } : {}) };
}

/** A smoke test through a proxy. */
async function smokeThrough(tamper: Tamper, ...flags: string[]): Promise<LoadTest> {
  const proxy = await tamperingProxy(platform.url, tamper);
  try {
    return await loadtest(proxy.url, 'smoke', [...SHORT, ...flags]);
  } finally {
    await proxy.close();
  }
}

/** Does something to the first request that fits, and nothing to the others. */
function toTheFirst(fits: (passing: Parameters<Tamper>[0]) => boolean, tamper: Tamper): Tamper {
  let isDone = false;
  return (passing) => {
    if (isDone || !fits(passing)) return passing.forward();
    isDone = true;
    return tamper(passing);
  };
}
const isSingleAdd: Parameters<typeof toTheFirst>[0] = ({ method, path, body }) =>
  method === 'POST' && path === ADDS && !body.includes('"jobs":');
const isDelayedAdd: Parameters<typeof toTheFirst>[0] = (passing) =>
  isSingleAdd(passing) && passing.body.includes('"delayMs"');

describe.skipIf(!hasK6())('a load test', () => {
  test(
    'passes on a platform that works, and leaves nothing behind',
    async () => {
      const ran = await loadtest(platform.url, 'smoke', SHORT);
      const { out, report, files } = ran;
      expect(verdictOf(ran)).toEqual({ code: 0, crossed: [] });
      expect(out).toContain('PASSED  smoke');
      expect(report.counts.accepted).toBeGreaterThan(20);
      expect(report.counts).toMatchObject({ unsettled: 0, unaccounted: 0, uncertain: 0, duplicated: 0 });
      for (const { accepted, times } of report.scenarios) expect(times.total?.count).toBe(accepted);
      expect(files.html).toContain('<svg');
      expect(files.xml).toContain('failures="0"');
      const { status } = await call(platform.url, 'GET', `/v1/queues/workload/ledger/${report.run}`);
      expect(status).toBe(404);
    },
    A_TEST_MS,
  );

  test(
    'kills workers, and still finds every job',
    async () => {
      const flags = [...SHORT, '--kill-every', '2s'];
      const ran = await loadtest(platform.url, 'chaos', flags);
      expect(verdictOf(ran)).toEqual({ code: 0, crossed: [] });
      expect(ran.report.counts.kills).toBeGreaterThan(0);
    },
    A_TEST_MS,
  );
});

describe.skipIf(!hasK6())('k6', () => {
  test(
    'runs an archive without the scripts, with the settings that it was made with and no token in it',
    async () => {
      const { made, archive, ran } = await archivedLoadtest(platform.url, 'smoke', SHORT);
      expect(made).toMatchObject({ code: 0, err: '' });
      expect(archive.includes('not-for-files')).toBe(false);
      expect(verdictOf(ran)).toEqual({ code: 0, crossed: [] });
      expect(ran.report.counts.accepted).toBeLessThan(90);
    },
    A_TEST_MS,
  );

  test(
    'in two processes divides the load, and each has its verdict',
    async () => {
      const sequence = ['--execution-segment-sequence', '0,1/2,1'];
      const runner = (segment: string) =>
        loadtest(platform.url, 'smoke', SHORT, ['--execution-segment', segment, ...sequence], {
          MILLRACE_LOAD_RUNNERS: '2',
        });
      const both = await Promise.all(['0:1/2', '1/2:1'].map(runner));
      for (const ran of both) expect(verdictOf(ran)).toEqual({ code: 0, crossed: [] });
      const [one = 0, other = 0] = both.map(({ report }) => report.counts.accepted);
      expect(one + other).toBeGreaterThan(20);
      expect(one + other).toBeLessThan(90);
      expect(both[0]?.report.run).not.toBe(both[1]?.report.run);
    },
    A_TEST_MS,
  );

  test(
    'stops at the breaking point, and leaves nothing behind',
    async () => {
      const limits = ['--duration', '60s', '--rate', '5', '--accept-p95', '1ms'];
      const ran = await loadtest(platform.url, 'breakpoint', limits);
      expect(verdictOf(ran)).toEqual({ code: 99, crossed: ['job_accept'] });
      expect(ran.report.tookMs).toBeLessThan(50_000);
      const { status } = await call(platform.url, 'GET', `/v1/queues/workload/ledger/${ran.report.run}`);
      expect(status).toBe(404);
    },
    A_TEST_MS,
  );
});

describe.skipIf(!hasK6()).concurrent('the verdict turns red for', () => {
  test(
    'an accepted job that is gone',
    async () => {
      const ran = await smokeThrough(
        toTheFirst(isDelayedAdd, async ({ forward }) => {
          const answer = await forward();
          const { id } = JSON.parse(answer.text) as { id: string };
          expect((await call(platform.url, 'DELETE', `${ADDS}/${id}`)).status).toBe(204);
          return answer;
        }),
      );
      expect(verdictOf(ran)).toEqual({ code: 99, crossed: ['unaccounted'] });
      expect(ran.report.counts.unaccounted).toBe(1);
    },
    A_TEST_MS,
  );

  test(
    'a job that was added twice',
    async () => {
      const ran = await smokeThrough(
        toTheFirst(isSingleAdd, async ({ forward }) => {
          await forward();
          return forward();
        }),
      );
      expect(verdictOf(ran)).toEqual({ code: 99, crossed: ['jobs_duplicated'] });
      expect(ran.err).toMatch(/ended twice: as job \d+ and as job \d+/);
    },
    A_TEST_MS,
  );

  test(
    'a ledger with a gap',
    async () => {
      let at = 0;
      const ran = await smokeThrough(async ({ method, path, forward }) => {
        const answer = await forward();
        if (method !== 'GET' || !path.includes('/ledger/') || ++at !== 3) return answer;
        return { ...answer, text: JSON.stringify({ ...JSON.parse(answer.text), gap: true }) };
      });
      expect(verdictOf(ran)).toEqual({ code: 99, crossed: ['ledger_gaps'] });
    },
    A_TEST_MS,
  );

  test(
    'a job that does not end',
    async () => {
      const ran = await smokeThrough(
        toTheFirst(isDelayedAdd, async ({ body, path }) => {
          const job = JSON.parse(body.toString()) as { opts: object };
          const late = { ...job, opts: { ...job.opts, delayMs: 600_000 } };
          const { status, body: answer } = await call(platform.url, 'POST', path, late);
          return { status, text: JSON.stringify(answer) };
        }),
        ...['--drain', '5s'],
      );
      expect(verdictOf(ran)).toEqual({ code: 99, crossed: ['unaccounted', 'unsettled'] });
      expect(ran.err).toContain('unsettled at the end');
    },
    A_TEST_MS,
  );

  test(
    'an add whose outcome nobody knows; with keys it is asked again',
    async () => {
      const lost = () =>
        toTheFirst(isSingleAdd, async ({ forward }) => {
          await forward();
          return null;
        });
      const without = await smokeThrough(lost());
      expect(verdictOf(without)).toEqual({
        code: 99,
        crossed: ['unaccounted', 'uncertain', 'http_req_failed'],
      });
      const withKeys = await smokeThrough(lost(), '--keys', 'on');
      expect(withKeys.report.counts).toMatchObject({ uncertain: 0, unaccounted: 0, duplicated: 0 });
    },
    2 * A_TEST_MS,
  );

  test(
    'a platform that never accepts',
    async () => {
      const ran = await smokeThrough(async ({ method, path, forward }) =>
        method === 'POST' && path === ADDS
          ? { status: 429, text: JSON.stringify({ code: 'queue_full' }) }
          : forward(),
      );
      expect(verdictOf(ran)).toEqual({ code: 99, crossed: ['jobs_accepted', 'jobs_refused'] });
    },
    A_TEST_MS,
  );
});

describe.skipIf(!hasK6())('what cannot be tested is told in a sentence', () => {
  test.each([['nothing listens', 'http://127.0.0.1:9', 'Nothing answers at http://127.0.0.1:9']])(
    '%s',
    async (_name, url, words) => {
      const { code, err } = await endOf(spawnLoadtest(url, ['smoke', '--out', '/tmp', '--duration', '5s']));
      expect(code).not.toBe(0);
      expect(err).toContain(words);
    },
  );
});
