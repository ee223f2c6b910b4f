import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasErlang, type OtpPeer, openOtpPeer } from '../support/otp-peer.ts';
import { HOWS, type Story, type StoryChild } from '../support/otp-story.ts';
import { playToOurs } from '../support/otp-world.ts';

const IDS = ['a', 'b', 'c', 'd', 'e'];
const HOUR_MS = 3_600_000;
const RUNS = 400;

const deedOf = (ids: readonly string[]) =>
  fc.record({ victim: fc.constantFrom(...ids), how: fc.constantFrom(...HOWS) });
const seldom = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 5 });

function childOf(id: string, ids: readonly string[]): fc.Arbitrary<StoryChild> {
  const others = ids.filter((other) => other !== id);
  const deed = others.length === 0 ? fc.constant(null) : seldom(deedOf(others));
  const ways = fc.constantFrom(
    { shutdown: 'brutal_kill', stubborn: false } as const,
    { shutdown: 'infinity', stubborn: false } as const,
    { shutdown: 5_000, stubborn: false } as const,
    { shutdown: 2, stubborn: true } as const,
  );
  return fc
    .record({
      restart: fc.constantFrom('permanent', 'permanent', 'transient', 'temporary'),
      way: ways,
      starts: fc.array(
        fc.record({ ok: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.boolean()), deed }),
        {
          maxLength: 4,
        },
      ),
      onEnd: deed,
    })
    .map(({ way, ...child }) => ({ id, ...way, ...child }));
}

const stories: fc.Arbitrary<Story> = fc.integer({ min: 1, max: IDS.length }).chain((size) => {
  const ids = IDS.slice(0, size);
  return fc.record({
    spec: fc.record({
      strategy: fc.constantFrom('one_for_one', 'one_for_all', 'rest_for_one'),
      intensity: fc.nat(6),
      periodMs: fc.constant(HOUR_MS),
    }),
    children: fc.tuple(...ids.map((id) => childOf(id, ids))),
    steps: fc.array(
      fc.oneof(
        {
          weight: 4,
          arbitrary: fc
            .array(deedOf(ids), { minLength: 1, maxLength: 3 })
            .map((victims) => ({ type: 'crash' as const, victims })),
        },
        { weight: 1, arbitrary: fc.constantFrom(...ids).map((id) => ({ type: 'replace' as const, id })) },
      ),
      { maxLength: 8 },
    ),
  });
});

const plain = { shutdown: 'brutal_kill', stubborn: false, restart: 'permanent', onEnd: null } as const;
const refused = { ok: false, deed: { victim: 'a', how: 'normal' } } as const;

/** While c is owed a start, a dies twice: the first retry of c is older than the second death of a. */
const oldRetry: Story = {
  spec: { strategy: 'rest_for_one', intensity: 3, periodMs: HOUR_MS },
  children: [
    { ...plain, id: 'a', starts: [] },
    { ...plain, id: 'b', starts: [] },
    { ...plain, id: 'c', starts: [{ ok: true, deed: null }, refused, refused] },
  ],
  steps: [{ type: 'crash', victims: [{ victim: 'a', how: 'normal' }] }],
};

test('a retry keeps its place in the mailbox, also when its child was ended and owed again meanwhile', () => {
  expect(playToOurs(oldRetry).slice(-5)).toEqual([
    'end a normal',
    'start c',
    'end c killed',
    'end b killed',
    'escalate intensity',
  ]);
});

describe.skipIf(!hasErlang())(
  'beside a supervisor of OTP (skipped where there is no `erl`: install erlang-base)',
  () => {
    let otp: OtpPeer;
    beforeAll(async () => {
      otp = await openOtpPeer();
    });
    afterAll(() => otp.close());

    test('random children, random ends: the same restarts in the same order, and the same escalations', async () => {
      let restarts = 0;
      let escalations = 0;
      await fc.assert(
        fc.asyncProperty(stories, async (story) => {
          const theirs = await otp.play(story);
          restarts += theirs.filter((line) => line.startsWith('start')).length;
          escalations += theirs.filter((line) => line.startsWith('escalate')).length;
          expect(playToOurs(story)).toEqual(theirs);
        }),
        { numRuns: RUNS, examples: [[oldRetry]] },
      );
      // The stories are worth something: much happens in them, and they end either way.
      expect(restarts).toBeGreaterThan(RUNS);
      expect(escalations).toBeGreaterThan(RUNS / 10);
      expect(escalations).toBeLessThan(RUNS);
    });

    test('restarts are forgotten after the period, and counted within it', async () => {
      const story = (waitMs: number): Story => ({
        spec: { strategy: 'one_for_one', intensity: 1, periodMs: 1_000 },
        children: [
          { id: 'a', restart: 'permanent', shutdown: 5_000, stubborn: false, starts: [], onEnd: null },
        ],
        steps: [0, 1, 2].flatMap(() => [
          { type: 'crash' as const, victims: [{ victim: 'a', how: 'boom' as const }] },
          { type: 'wait' as const, ms: waitMs },
        ]),
      });
      const told = await Promise.all([otp.play(story(0)), otp.play(story(2_100))]);
      expect(told.map((log) => log.at(-1))).toEqual(['escalate intensity', 'stopped']);
      expect([playToOurs(story(0)), playToOurs(story(2_100))]).toEqual(told);
    });
  },
);
