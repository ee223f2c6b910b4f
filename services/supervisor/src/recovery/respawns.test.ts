import { type DeathCertificate, ManualClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { beginRecovery } from './record.ts';
import { createRespawns, type Joined, withRespawn } from './respawns.ts';

const DIED = 1_000_000;
const dead = (cause: DeathCertificate['cause']) =>
  beginRecovery({
    ...{ worker: 'mail-1.a', pod: 'mail-1', slot: 0, cause, diedAtMs: DIED, certifiedAtMs: DIED },
  } as DeathCertificate);
const joined = (over: Partial<Joined> = {}): Joined => ({
  ...{ pod: 'mail-1', slot: 0, atMs: DIED + 10, podStartedAtMs: DIED - 60_000, ...over },
});

test('a worker’s death is answered by a start in its slot', () => {
  const recovery = dead('crash');
  expect(withRespawn(recovery, joined())?.respawnMs).toBe(10);
  expect(withRespawn(recovery, joined({ slot: 1 }))).toBeNull();
  expect(withRespawn(recovery, joined({ pod: 'mail-2' }))).toBeNull();
  expect(withRespawn(recovery, joined({ atMs: DIED - 1 }))).toBeNull();
});

test('what starts a minute later answers no death, of a recovery that still runs neither', () => {
  const recovery = dead('crash');
  expect(withRespawn(recovery, joined({ atMs: DIED + 60_000 }))).not.toBeNull();
  expect(withRespawn(recovery, joined({ atMs: DIED + 60_001 }))).toBeNull();
  const respawns = createRespawns(new ManualClock(DIED));
  respawns.await(recovery);
  expect(respawns.answer(joined({ atMs: DIED + 60_001 }))).toEqual([]);
});

test('a lost pod is answered by a pod of its pool that started after it died', () => {
  const recovery = dead('pod-lost');
  const successor = { pod: 'mail-2', podStartedAtMs: DIED + 5 };
  expect(withRespawn(recovery, joined(successor))?.respawnMs).toBe(10);
  expect(withRespawn(recovery, joined({ ...successor, podStartedAtMs: DIED - 1 }))).toBeNull();
  expect(withRespawn(recovery, joined({ ...successor, pod: 'video-2' }))).toBeNull();
});
