import { describe, expect, it } from 'vitest';
import { exampleTree } from './testing/examples.ts';
import { chooseTarget } from './worker-choice.ts';

const { workers } = exampleTree();

describe('whom an order is for', () => {
  it('is found by id, by the beginning of its own part, or by its pod', () => {
    expect(chooseTarget(workers, 'pod-1.8f3a11c2d4e5f607').id).toBe('pod-1.8f3a11c2d4e5f607');
    expect(chooseTarget(workers, '8f3a').id).toBe('pod-1.8f3a11c2d4e5f607');
    expect(chooseTarget(workers, 'pod-1.1b').id).toBe('pod-1.1b2c3d4e5f607182');
    expect(chooseTarget(workers, 'pod-1')).toMatchObject({ kind: 'pod', workers: { length: 3 } });
  });

  it('is asked for again when several match', () => {
    expect(() => chooseTarget(workers, 'pod-1.')).toThrow(/may be any of 3 workers/);
  });

  it('is guessed at, never taken, when it is misspelt', () => {
    expect(() => chooseTarget(workers, 'pod-2')).toThrow('Did you mean "pod-1"?');
    expect(() => chooseTarget([], 'x')).toThrow('See "millrace workers"');
  });
});
