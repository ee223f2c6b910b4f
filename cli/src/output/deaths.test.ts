import { describe, expect, it } from 'vitest';
import { exampleKill, exampleLetter, exampleRecovery } from '../testing/death-examples.ts';
import { NOW_MS } from '../testing/examples.ts';
import { createPaint } from './colour.ts';
import { endText, memoryTexts, sparkline } from './death-facts.ts';
import { renderLetter, renderLetters } from './letter-view.ts';
import { renderRecovery } from './recovery-view.ts';
import { textWidth } from './text-width.ts';

const layout = { width: 80, paint: createPaint(false) };

function expectToFit(text: string): void {
  for (const line of text.split('\n')) expect(textWidth(line), line).toBeLessThanOrEqual(80);
}

describe('facts of a death', () => {
  it('says how it ended', () => {
    expect(endText({ cause: 'crash', exitCode: 1, exitSignal: null })).toBe('crash, exit code 1');
    expect(endText({ cause: 'pod-lost', exitCode: null, exitSignal: null })).toBe('lost with its pod');
    expect(endText({ cause: 'new-cause', exitCode: null, exitSignal: 'SIGBUS' })).toBe('new-cause, SIGBUS');
  });

  it('draws values as blocks, thinned out but never without their highest', () => {
    expect(sparkline([])).toBe('');
    expect(sparkline([0, 0])).toBe('▁▁');
    expect(sparkline([1, 4, 8])).toBe('▂▅█');
    const spike = sparkline(Array.from({ length: 1_000 }, (_, at) => (at === 501 ? 9 : 1)));
    expect(spike).toHaveLength(24);
    expect(spike).toContain('█');
  });

  it('tells memory as far as somebody looked', () => {
    const nothing = { peakRssBytes: null, memoryLimitBytes: 512, beats: [] };
    expect(memoryTexts(nothing)).toEqual([]);
    expect(memoryTexts({ ...nothing, peakRssBytes: 100 })).toEqual(['peak 100 B of 512 B']);
  });
});

describe('dead letters', () => {
  it('are listed in 80 columns', () => {
    const letters = [
      exampleLetter(),
      exampleLetter({
        id: '9',
        reason: 'attempts',
        kills: [],
        attemptsMade: 3,
        replayedAs: '41',
        error: 'no host',
      }),
    ];
    const text = renderLetters(letters, NOW_MS, true, layout);
    expectToFit(text);
    expect(text).toMatchInlineSnapshot(`
      "ID  QUEUE   NAME    REASON    KILLS  TRIES       DIED  REPLAY  ERROR
      17  images  resize  poison        3      0  2m 1s ago  -       It killed 3 proc…
      9   images  resize  attempts      0      3  2m 1s ago  41      no host"
    `);
  });

  it('show each process that a killer took with it', () => {
    const text = renderLetter(exampleLetter(), NOW_MS, layout);
    expectToFit(text);
    expect(text).toMatchInlineSnapshot(`
      "dead letter  images/17
      name         resize
      reason       poison: it killed its process 3 times
      error        It killed 3 processes.
      died         2m 1s ago
      attempts     0 made
      replayed as  -
      trace        4bf92f3577b34da6a3ce929d0e0e4736

      data
      {
        "file": "huge.tiff"
      }

      ● died       start 1 on 0a1b2c3d
      │            out of memory, exit code 134
      │            beside images/20, images/21, images/22 and 12 more
      │            memory peak 510 MiB of 512 MiB
      │            memory ▂▂▂▂▂▂▂▃▃▃▃▄▄▄▄▅▅▅▆▆▇▇▇█  80.0 MiB to 506 MiB in 9.8 s
      │            recovery's trace c0ffee5be11e0fa7e57ab1e5deadbeef
      │            │ <--- Last few GCs --->
      │            │ FATAL ERROR: Reached heap limit Allocation failed - JavaScript h…
      ● +1.3 s     start 2 on 8f3a11c2
      │            out of memory, exit code 134
      │            alone in its process: nobody else can have done it
      │            memory peak 510 MiB of 512 MiB
      │            │ <--- Last few GCs --->
      │            │ FATAL ERROR: Reached heap limit Allocation failed - JavaScript h…
      ● +3.0 s     start 3 on 1b2c3d4e
      │            crash, SIGSEGV
      │            alone in its process: nobody else can have done it
      ✖ +3.0 s     dead-lettered"
    `);
  });

  it('show where a replay comes from and what became of it', () => {
    const text = renderLetter(
      exampleLetter({ reason: 'final', kills: [], lineage: ['3', '8'], replayedAs: '41' }),
      NOW_MS,
      layout,
    );
    expect(text).toContain('final: the handler said that trying again is of no use');
    expect(text).toContain('replay of    3, then 8');
    expect(text).toContain('replayed as  41');
    expect(text).not.toContain('●');
  });

  it('show control characters of a dying process, and obey none', () => {
    const kill = exampleKill({ lastLines: ['\u001b[2Jgone'], beats: [] });
    const text = renderLetter(exampleLetter({ kills: [kill] }), NOW_MS, layout);
    expect(text).toContain('│ \\u001b[2Jgone');
  });
});

describe('one recovery', () => {
  it('is drawn phase by phase, with its evidence', () => {
    const text = renderRecovery(exampleRecovery(), NOW_MS, layout);
    expectToFit(text);
    expect(text).toMatchInlineSnapshot(`
      "worker    pod-1.0a1b2c3d4e5f6071
      died      1m 5s ago
      cause     killed by somebody who did not say so, SIGKILL
      blame     unknown: counted; its jobs are suspects if it happens to them again
      evidence  process-exit +0 ms (SIGKILL), link-closed +1 ms
      memory    peak 91.0 MiB
      3 jobs    workload: 17, 18, 19
      trace     c0ffee5be11e0fa7e57ab1e5deadbeef

      seen             ━━━                             2 ms
      fenced           ━━━━━                           4 ms
      reclaimed        ━━━━━━━━                        6.5 ms
      replaced         ━━━━━━━━━━━                     9 ms
      first job again  ━━━━━━━━━━━━━━                  11 ms
      last job again   ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  24 ms"
    `);
  });

  it('that goes on shows what is not known yet', () => {
    const text = renderRecovery(
      exampleRecovery({ reclaimMs: null, firstOrphanMs: null, lastOrphanMs: null, orphans: {} }),
      NOW_MS,
      layout,
    );
    expect(text).toMatch(/last job again +-$/m);
    expect(text).toMatch(/0 jobs +none/);
  });
});
