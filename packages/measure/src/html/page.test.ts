import { access } from 'node:fs/promises';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEvents } from '../read/jsonl.ts';
import { reportOn } from '../report.ts';
import { joinedCalls, joinedRecoveries } from '../summary/joined.ts';
import type { RecoveryFigures } from '../summary/run-summary.ts';
import { DEFAULT_SETTINGS } from '../summary/summarize.ts';
import { bytesOf, exampleRun, type RunShape } from '../testing/runs.ts';
import { renderPage } from './page.ts';

const CHROMIUM = '/usr/bin/chromium';
const hasChromium = await access(CHROMIUM).then(
  () => true,
  () => false,
);

const memory = Array.from({ length: 10 }, (_, i) => ({
  ...{ event: 'rss' as const, pid: 1, bytes: 1e8 + i * 1e6, heap_used: 3e7, external: null },
  ...{ phase: i === 9 ? ('steady' as const) : ('sample' as const), at_us: i * 1_000_000 },
}));

const death = [
  { event: 'worker_crash', worker: 'p.w1', drawn: 1, slot: 1, at_us: 6_000_000, cause: 'SIGKILL' },
  { event: 'job_killed', id: 1_300, worker: 'p.w1', started_us: 5_990_000, at_us: 6_020_000 },
] as const;

async function reportOf(shape: RunShape) {
  const [run, ...rest] = exampleRun({ ...shape, more: memory });
  const book = await readEvents(bytesOf([run, ...death, ...rest]), 'run <one>.jsonl', 100);
  return reportOn([book], DEFAULT_SETTINGS);
}

describe('the page', () => {
  it('carries all it needs: nothing in it names another place, and text of a run cannot break out', async () => {
    const evil = '</script><script>alert(1)</script>';
    const page = await renderPage([await reportOf({ run: { run_id: evil, deviations: [evil] } })]);
    expect(page).not.toContain(evil);
    expect(page.match(/<(?:link|script|img|iframe)[^>]+(?:src|href)="(?!data:)/g)).toBeNull();
    expect(page.match(/url\(|@import/g)).toBeNull();
  });

  it('shows what traces alone know: all phases of a death, the way to its trace, the calls of handlers', async () => {
    const [events, traces] = [await reportOf({}), await reportOf({})];
    const [seen, traced] = [events.sources[0], traces.sources[0]];
    const [recovery] = traced.recoveries as [RecoveryFigures];
    const told = { ...recovery, detectMs: 1.7, fenceMs: 2.9, traceId: 'f00d'.repeat(8) };
    const calls = [{ name: 'GET <prices>', share: 0.5, meanMs: 12 }];
    const sources = [
      seen,
      { ...traced, source: 'jaeger', jaegerUrl: 'http://j/base', recoveries: [told], calls },
    ] as const;
    const joined = { recoveries: joinedRecoveries(sources), calls: joinedCalls(sources) };
    const page = await renderPage([{ ...events, sources, ...joined }]);
    expect(page).toContain('<td>1.7 ms</td><td>2.9 ms</td>');
    expect(page).toContain(`<a href="http://j/base/trace/${told.traceId}">f00df00d</a>`);
    expect(page).toContain('<td>GET &lt;prices&gt;</td><td>50 %</td><td>12 ms</td>');
  });

  it('says not comparable where it is so, and names the better one where it may', async () => {
    const [a, b] = [await reportOf({}), await reportOf({ config: { seed: 7 } })];
    expect(await renderPage([a, b])).toContain('Not comparable.');
    expect(await renderPage([a])).not.toContain('omparable');
  });
});

/** In the page: whether something was drawn, of each plot. */
const DRAWN = `[...document.querySelectorAll('canvas')].map((canvas) =>
  canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value !== 0))`;

describe.skipIf(!hasChromium)('the page in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });
  afterAll(() => browser.close());

  it.each([
    ['one run', 1_280, 'light', 1],
    ['one run', 390, 'dark', 1],
    ['two runs', 390, 'light', 2],
  ] as const)(
    'draws every plot of %s at %i px (%s), with no error and nothing wider than it',
    async (_, width, colorScheme, runs) => {
      const reports = [await reportOf({}), await reportOf({ run: { system: 'go' } })].slice(0, runs);
      const context = await browser.newContext({
        viewport: { width, height: 900 },
        colorScheme,
        offline: true,
      });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.setContent(await renderPage(reports));
      const drawn = await page.evaluate(DRAWN);
      expect(drawn).toEqual(new Array(runs === 1 ? 5 : 15).fill(true));
      expect(complaints).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await context.close();
    },
  );
});
