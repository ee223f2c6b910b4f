import { availableParallelism, getPriority } from 'node:os';
import type { Fault, Wires } from '@millrace/local';
import { NO_DEATH, offer } from '@millrace/local';
import { endBurner, startBurners } from './burners.ts';

const STALL_MS = 300;
/** Between two stalls, and between two jobs that strain their process. */
const EVERY_MS = 1_500;
/** Strains that a healthy worker may come under, one after the other. */
const STRAINS: readonly { readonly handler: string; readonly data: object }[] = [
  { handler: 'litters', data: { ms: 1_000 } },
  { handler: 'blocks', data: { ms: 800 } },
  { handler: 'litters', data: { ms: 400 } },
  { handler: 'blocks', data: { ms: 3_000 } },
];

/** Holds one wire after the other for 300 ms: pods to store, pods to supervisors, both at once. */
function stall(wires: Wires, round: number): () => void {
  const groups = [[wires.podStore], wires.links, [wires.podStore, ...wires.links]];
  const releases = (groups[round % groups.length] ?? []).map((wire) => wire.hold(() => true));
  return () => {
    for (const release of releases) release();
  };
}

/**
 * No fault at all, for `forMs`: as many processes as there are processors burn beside the platform, handlers block their loops and fill
 * their heaps, and the network stalls for 300 ms again and again. Whoever is declared dead then is a false death.
 */
export function quietStretch(forMs: number, nodeFile: string): Fault {
  return {
    name: 'quiet',
    summary: 'no fault: heavy CPU load, pauses of the garbage collector and 300 ms network stalls',
    needs: ['handlers', 'wires'],
    deaths: NO_DEATH,
    deadLetters: 0,
    boundMs: 60_000,
    lastsMs: forMs,
    async strike(target) {
      const { clock, signal, wires } = target;
      if (wires === null) throw new TypeError('this target has no wires');
      const burning = await startBurners(nodeFile, availableParallelism());
      const endMs = clock.monotonicMs() + forMs;
      let stalls = 0;
      try {
        target.tell('burners', burning.length);
        // What the kernel says: 0 is the platform's own.
        target.tell('burnersNice', Math.max(...burning.map(({ pid }) => getPriority(pid))));
        target.harmed('nobody is harmed');
        for (let round = 0; clock.monotonicMs() < endMs; round++) {
          const strain = STRAINS[round % STRAINS.length] as (typeof STRAINS)[number];
          await offer(target, strain.handler, [strain.data]);
          const release = stall(wires, round);
          await clock.sleep(STALL_MS, signal).finally(release);
          stalls += 1;
          await clock.sleep(EVERY_MS, signal);
        }
      } finally {
        target.tell('stalls', stalls);
        await Promise.all(burning.map(endBurner));
      }
    },
  };
}
