import { expect, it } from 'vitest';
import { type Candidate, chooseVictim } from './victim.ts';

const worker = (slot: number | null, state = 'running'): Candidate => ({
  id: `w${slot}`,
  slot,
  pid: 100 + (slot ?? 50),
  state,
});
const all = [0, 1, 2, 3].map((slot) => worker(slot));
const everyone = () => true;

it('takes the slot that was drawn', () => {
  expect(chooseVictim(all, 3, 4, everyone)?.slot).toBe(3);
});

it('goes to the next slot above, cyclically, when that one is down', () => {
  expect(chooseVictim(all.slice(0, 3), 3, 4, everyone)?.slot).toBe(0);
  expect(chooseVictim(all, 3, 4, (pid) => pid !== 103 && pid !== 100)?.slot).toBe(1);
});

it('takes a frozen worker, but none that is dead, draining or on standby', () => {
  expect(chooseVictim([worker(0, 'suspect')], 0, 4, everyone)?.slot).toBe(0);
  expect(chooseVictim([worker(0, 'dead'), worker(1, 'draining'), worker(null)], 0, 4, everyone)).toBeNull();
});
