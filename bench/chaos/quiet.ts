import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, getPriority } from 'node:os';
import type { Fault, Wires } from '@millrace/local';
import { NO_DEATH, offer } from '@millrace/local';

const STALL_MS = 300;
/** Between two stalls, and between two jobs that strain their process. */
const EVERY_MS = 1_500;
/** A process that burns, beside the platform and at its own priority, for as long as we live. */
const BURN =
  'process.on("disconnect", () => process.exit()); setImmediate(function burn() { const end = Date.now() + 50; while (Date.now() < end); setImmediate(burn); });';

/** Strains that a healthy worker may come under, one after the other. */
const STRAINS: readonly { readonly handler: string; readonly data: object }[] = [
  { handler: 'litters', data: { ms: 1_000 } },
  { handler: 'blocks', data: { ms: 800 } },
  { handler: 'litters', data: { ms: 400 } },
  { handler: 'blocks', data: { ms: 3_000 } },
];

function burners(nodeFile: string, count: number): ChildProcess[] {
  return Array.from({ length: count }, () =>
    spawn(nodeFile, ['-e', BURN], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }),
  );
}

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
    async strike(target) {
      const { clock, signal, wires } = target;
      if (wires === null) throw new TypeError('this target has no wires');
      const cores = availableParallelism();
      const burning = burners(nodeFile, availableParallelism());
      const burnerPids = burning.flatMap(({ pid }) => pid ?? []);
      target.tell('burners', burnerPids.length);
      // What the kernel says, not what we asked for: 0 is the platform's own.
      target.tell('burnersNice', Math.max(...burnerPids.map((pid) => getPriority(pid))));
      const endMs = clock.monotonicMs() + forMs;
      let stalls = 0;
      try {
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

async function endBurner(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
