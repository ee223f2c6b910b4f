import { describe, expect, it } from 'vitest';
import { createPaint } from './colour.ts';
import { type Progress, renderProgress, renderSummary } from './progress.ts';

const plain = createPaint(false);
const HALF: Progress = {
  elapsedMs: 10_000,
  bytesAnswered: 512,
  bytesTotal: 1_024,
  accepted: 20_480,
  refused: 0,
  badLines: 0,
  perSecond: 2_048,
};

describe('progress', () => {
  it('shows how much of a file is sent and how long the rest takes', () => {
    expect(renderProgress(HALF, 80, plain)).toMatchInlineSnapshot(
      `"██████████░░░░░░░░░░  50 %  20,480 accepted  2,048/s  10.0 s left"`,
    );
  });

  it('shows no bar for a pipe, whose end nobody knows', () => {
    expect(renderProgress({ ...HALF, bytesTotal: null }, 80, plain)).toMatchInlineSnapshot(
      `"20,480 accepted  2,048/s  10.0 s"`,
    );
  });

  it('names refused and bad lines once there are any', () => {
    expect(renderProgress({ ...HALF, refused: 3, badLines: 1 }, 80, plain)).toMatchInlineSnapshot(
      `"██████████░░░░░░░░░░  50 %  20,480 accepted  2,048/s  3 refused  1 bad  10.0 s…"`,
    );
  });

  it('stays within the terminal', () => {
    expect(renderProgress(HALF, 30, plain)).toHaveLength(29);
  });

  it('is done with an empty file', () => {
    expect(renderProgress({ ...HALF, bytesAnswered: 0, bytesTotal: 0, perSecond: 0 }, 80, plain)).toContain(
      '100 %',
    );
  });

  it('sums up', () => {
    expect(renderSummary({ ...HALF, badLines: 2 })).toMatchInlineSnapshot(
      `"20,480 accepted, 0 refused, 2 bad lines, in 10.0 s (2,048/s)"`,
    );
  });
});
