import { describe, expect, it } from 'vitest';
import { DeathBook } from './death-book.ts';

const crash = (worker: string, slot: number, at_us: number) =>
  ({ event: 'worker_crash', worker, drawn: slot, slot, at_us, cause: 'SIGKILL' }) as const;
const killed = (id: number, worker: string, started_us: number, at_us: number) =>
  ({ event: 'job_killed', id, worker, started_us, at_us }) as const;

describe('DeathBook', () => {
  it('follows orphans to their next start', () => {
    const book = new DeathBook();
    book.crash(crash('a', 0, 1_000));
    book.killed(killed(1, 'a', 900, 1_020));
    book.killed(killed(2, 'a', 950, 1_025));
    book.started(2, 1_030);
    book.started(1, 1_050);
    book.started(1, 9_000);
    book.started(7, 5_000);
    book.restart({ event: 'worker_restart', worker: 'b', slot: 0, at_us: 1_400 });
    expect(book.deaths()).toMatchObject([
      {
        worker: 'a',
        orphans: 2,
        reclaimedUs: 1_025,
        firstRestartUs: 1_030,
        lastRestartUs: 1_050,
        respawnedUs: 1_400,
      },
    ]);
  });

  it('counts the start that a second kill ended as a restart after the first', () => {
    const book = new DeathBook();
    book.crash(crash('a', 0, 1_000));
    book.crash(crash('b', 1, 2_000));
    book.killed(killed(1, 'a', 900, 1_020));
    book.killed(killed(1, 'b', 1_040, 2_020));
    book.started(1, 2_100);
    expect(book.deaths().map(({ lastRestartUs }) => lastRestartUs)).toEqual([1_040, 2_100]);
  });

  it('tells of a death that no crash line announced, from its orphans', () => {
    const book = new DeathBook();
    book.killed(killed(1, 'a', 900, 1_020));
    expect(book.deaths()).toMatchObject([
      { worker: 'a', cause: null, atUs: 1_020, orphans: 1, lastRestartUs: null },
    ]);
  });
});
