import { type ChaosTarget, type Fault, NO_DEATH, type Wires } from './fault.ts';
import { busiestWorker } from './steps.ts';
import type { Hits, Wire } from './wire.ts';

/** Longer than the hang limit: silence alone must not be a death. */
const BLACK_HOLE_MS = 7_000;
const STORM_RESETS = 30;
const STORM_MS = 150;

const harmless = { needs: ['wires'], deaths: NO_DEATH, deadLetters: 0, boundMs: 60_000 } as const;

function wiresOf({ wires }: ChaosTarget): Wires {
  if (wires === null) throw new TypeError('this target has no wires');
  return wires;
}

/** Where a worker's connections are, and how they say whose they are (its pod speaks of it too, on a link of its own). */
interface Choice {
  readonly of: (wires: Wires) => readonly Wire[];
  readonly hits: (worker: string) => Hits;
}

const links: Choice = {
  of: (wires) => wires.links,
  hits: (worker) => (head) => head.includes(`"id":"${worker}"`),
};
const store: Choice = { of: (wires) => [wires.podStore], hits: (worker) => (head) => head.includes(worker) };

function resetAll(wires: Wires, { of, hits }: Choice, worker: string): number {
  return of(wires).reduce((sum, wire) => sum + wire.reset(hits(worker)), 0);
}

function reset(name: string, summary: string, choice: Choice): Fault {
  return {
    ...harmless,
    name,
    summary,
    async strike(target) {
      const { id } = await busiestWorker(target);
      const count = resetAll(wiresOf(target), choice, id);
      target.harmed(`${count} connections of worker ${id} were reset`);
    },
  };
}

function blackHole(name: string, summary: string, choice: Choice): Fault {
  return {
    ...harmless,
    name,
    summary,
    async strike(target) {
      const { id } = await busiestWorker(target);
      const releases = choice.of(wiresOf(target)).map((wire) => wire.hold(choice.hits(id)));
      try {
        target.harmed(`for ${BLACK_HOLE_MS / 1000} s nothing passes between worker ${id} and the other end`);
        await target.clock.sleep(BLACK_HOLE_MS, target.signal);
      } finally {
        for (const release of releases) release();
      }
    },
  };
}

/** A live worker whose sockets never hold: link and store, over and over. */
const socketStorm: Fault = {
  ...harmless,
  name: 'socket-storm',
  summary: `all sockets of a live worker are reset ${STORM_RESETS} times in a row`,
  async strike(target) {
    const { id } = await busiestWorker(target);
    const wires = wiresOf(target);
    for (let round = 0; round < STORM_RESETS; round++) {
      resetAll(wires, links, id);
      resetAll(wires, store, id);
      target.harmed(`all sockets of worker ${id} are reset, ${STORM_RESETS} times, every ${STORM_MS} ms`);
      await target.clock.sleep(STORM_MS, target.signal);
    }
  },
};

export const wireFaults: readonly Fault[] = [
  reset('link-reset', 'TCP reset between a worker and its supervisors', links),
  blackHole('link-black-hole', 'a black hole between a worker and its supervisors for 7 s', links),
  reset('store-wire-reset', 'TCP reset between a worker and the store', store),
  blackHole('store-black-hole', 'a black hole between a worker and the store for 7 s', store),
  socketStorm,
];
