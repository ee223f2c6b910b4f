import { describe, expect, it } from 'vitest';
import { assess, type Picture } from './health.ts';
import { exampleQueue, exampleTree, exampleWorker, NOW_MS } from './testing/examples.ts';

const WELL: Picture = {
  nowMs: NOW_MS,
  queues: [exampleQueue()],
  tree: exampleTree(),
  recoveries: [],
  poison: [],
};

function withTree(changes: object): Picture {
  return { ...WELL, tree: { ...exampleTree(), ...changes } };
}

describe('health', () => {
  it('is well when everybody is there', () => {
    expect(assess(WELL)).toEqual({ health: 'healthy', findings: [] });
  });

  const [pod] = exampleTree().pods;
  const spent = pod && { ...pod, restarts: { ...pod.restarts, used: 5 } };
  it.each<[string, Picture, 'down' | 'degraded', RegExp]>([
    ['without a store', { ...WELL, queues: null }, 'down', /store does not answer/],
    ['without a supervisor', { ...WELL, tree: null }, 'degraded', /No supervisor/],
    ['with a silent supervisor', withTree({ atMs: NOW_MS - 7_000 }), 'degraded', /not spoken for 7.0 s/],
    ['without workers', withTree({ workers: [] }), 'down', /No worker is running/],
    [
      'with a spare worker alone',
      withTree({ workers: [exampleWorker({ state: 'standby' })] }),
      'down',
      /No worker/,
    ],
    [
      'with a silent worker',
      withTree({ workers: [exampleWorker(), exampleWorker({ id: 'x', state: 'suspect' })] }),
      'degraded',
      /Silent: x/,
    ],
    [
      'with a spent restart budget',
      withTree({ pods: [spent] }),
      'degraded',
      /spent its 5 restarts in 30.0 s/,
    ],
    ['with a paused queue', { ...WELL, queues: [exampleQueue({ paused: true })] }, 'degraded', /is paused/],
    ['with a full queue', { ...WELL, queues: [exampleQueue({ depth: 256 })] }, 'degraded', /is full/],
    [
      'with a queue that nobody serves',
      { ...WELL, queues: [exampleQueue({ name: 'lost' })] },
      'degraded',
      /holds 192 jobs, and no worker serves it/,
    ],
  ])('%s', (_, picture, health, sentence) => {
    const verdict = assess(picture);
    expect(verdict.health).toBe(health);
    expect(verdict.findings.map((finding) => finding.sentence).join(' ')).toMatch(sentence);
  });

  it('tells the worst first', () => {
    const verdict = assess({ ...withTree({ workers: [] }), queues: [exampleQueue({ paused: true })] });
    expect(verdict.findings.map((finding) => finding.level)).toEqual(['down', 'degraded']);
  });
});
