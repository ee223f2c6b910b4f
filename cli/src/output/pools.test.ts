import { describe, expect, it } from 'vitest';
import { assess } from '../health.ts';
import { exampleRecovery } from '../testing/death-examples.ts';
import { examplePool, exampleQueue, exampleTree, NOW_MS, openPool } from '../testing/examples.ts';
import { createPaint } from './colour.ts';
import { renderPools } from './pool-view.ts';
import { renderQueue, renderQueues } from './queue-view.ts';
import { renderStatus } from './status-view.ts';
import { textWidth } from './text-width.ts';
import { renderTree } from './tree.ts';

const paint = createPaint(false);
const layout = { width: 80, paint };
const { circuit } = openPool();
const queue = exampleQueue({ name: 'images', paused: true, circuit });

function expectToFit(text: string): void {
  for (const line of text.split('\n')) expect(textWidth(line), line).toBeLessThanOrEqual(80);
}

describe('pools', () => {
  it('are listed in 80 columns, an open circuit with its reason and its trial', () => {
    const text = renderPools([examplePool(), openPool()], NOW_MS, layout);
    expectToFit(text);
    expect(text).toMatchInlineSnapshot(`
      "POOL     STATE    PODS          RESTARTS  STRATEGY     TRIED IN  QUEUES
      default  running   1/1  0 of 5 in 30.0 s  one_for_one         -  workload,crawl
      images   open      0/1  5 of 5 in 30.0 s  one_for_one     4.2 s  images

      images: circuit open for 12.0 s
        Its pods ended 6 times in 30 s, the last one with exit code 1.
        One pod is tried in 4.2 s. At once: millrace pools resume images"
    `);
  });

  it('say when no trial can be foreseen, or is due', () => {
    const shown = (retryAtMs: number | null) =>
      renderPools([{ ...openPool(), circuit: circuit && { ...circuit, retryAtMs } }], NOW_MS, layout);
    expect(shown(null)).toContain('No trial is due. At once: millrace pools resume images');
    expect(shown(NOW_MS - 1)).toContain('One pod is about to be tried.');
  });

  it('that wait for another are told so, and no trial of their own', () => {
    const waiting = { ...openPool(), name: 'after', state: 'waiting' };
    const text = renderPools([waiting], NOW_MS, layout);
    expect(text).toContain('after: circuit open for 12.0 s\n  Its pods ended');
    expect(text).not.toMatch(/is tried in|resume/);
    const tree = renderTree({ ...exampleTree(), pods: [], workers: [], pools: [waiting] }, layout);
    expect(tree).not.toContain('is tried in');
    const picture = {
      nowMs: NOW_MS,
      queues: [],
      tree: { ...exampleTree(), pools: [waiting] },
      recoveries: [],
      poison: [],
    };
    expect(assess(picture).findings.map(({ sentence }) => sentence)).toEqual([
      'Pool after waits for a pool before it.',
    ]);
  });

  it('say that there are none', () => {
    expect(renderPools([], NOW_MS, layout)).toBe('No pools are known: no supervisor speaks.');
  });
});

describe('an open circuit', () => {
  it('is drawn in the tree, in the order of the pools', () => {
    const tree = exampleTree();
    const text = renderTree({ ...tree, pools: [openPool(), ...tree.pools] }, layout);
    expectToFit(text);
    expect(text).toMatchInlineSnapshot(`
      "supervisor supervisor-1  pid 4000, up 1h 1m
      ├─ pool images  open, 0 of 1 pods, one_for_one, restarts 5 of 5 in 30.0 s
      │  ├─ circuit open for 12.0 s: Its pods ended 6 times in 30 s, the last one wit…
      │  └─ One pod is tried in 4.2 s.
      └─ pool default  running, 1 of 1 pods, one_for_one, restarts 0 of 5 in 30.0 s
         └─ pod-1  pid 4100  running, restarts 1 of 5 in 30.0 s, up 1h
            ├─ slot 0  8f3a11c2  pid 4101  running, 12/16 busy, 87.0 MiB, up 3m 20s
            ├─ slot 1  1b2c3d4e  pid 4102  running, 16/16 busy, 87.0 MiB, up 3m 20s
            └─ standby  2c3d4e5f  pid 4103  87.0 MiB, up 3m 20s"
    `);
  });

  it('is what a queue says first', () => {
    const table = renderQueues([queue], layout);
    expectToFit(table);
    expect(table).toMatch(/circuit open$/m);
    expect(renderQueue(queue, NOW_MS, paint)).toContain(
      'circuit      pool images: Its pods ended 6 times in 30 s, the last one with exit code 1. One pod is tried in 4.2 s.',
    );
  });

  it('degrades the platform; poison letters are told, and all is well with them', () => {
    const tree = exampleTree();
    const picture = {
      nowMs: NOW_MS,
      queues: [exampleQueue(), queue],
      tree: { ...tree, pools: [...tree.pools, openPool()] },
      recoveries: [exampleRecovery()],
      poison: [{ queue: 'workload', letters: 2, isMore: true }],
    };
    const text = renderStatus(picture, assess(picture), 'http://x', layout);
    expect(text.slice(0, text.indexOf('\n\n'))).toMatchInlineSnapshot(`
      "▲ degraded
        Pool images has given up: Its pods ended 6 times in 30 s, the last one with exit code 1. One pod is tried in 4.2 s.
        Queue images takes no jobs: pool images is down.
        Queue workload has at least 2 poison letters: millrace dlq list workload"
    `);
    const calm = { ...picture, tree, queues: [exampleQueue()] };
    expect(assess(calm)).toMatchObject({ health: 'healthy', findings: [{ level: 'note', about: 'letter' }] });
  });

  it.each([
    ['half-open', 'Pool images is on trial with one pod.'],
    ['waiting', 'Pool images waits for a pool before it.'],
  ])('after it, a pool that is %s is told', (state, sentence) => {
    const tree = { ...exampleTree(), pools: [examplePool({ name: 'images', state })] };
    const picture = { nowMs: NOW_MS, queues: [], tree, recoveries: [], poison: [] };
    expect(assess(picture).findings.map((finding) => finding.sentence)).toContain(sentence);
  });
});
