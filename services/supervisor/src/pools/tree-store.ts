import type { Clock, Log, Timer } from '@millrace/core';
import type { Store } from '@millrace/queue';
import { createLatestWriter } from '../latest-writer.ts';
import { untilDoneWith } from '../until-done.ts';
import { readTree } from './read-tree.ts';
import type { Tree } from './tree.ts';

/** How often a replica that does not lead looks at the tree, and everyone at the names of queues. */
const FOLLOW_MS = 1_000;
const KEY = 'tree';

export interface TreeStoreDependencies {
  readonly board: Pick<Store['board'], 'tree' | 'saveTree' | 'queueNames'>;
  readonly supervisor: string;
  readonly leads: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** The tree as leaders leave it to each other, and as the others show it. */
export interface TreeStore {
  /** Returns at once; the latest one is written, unless somebody else leads by then. */
  save(tree: Tree): void;
  /** What the last leader saved. Rejects only when we stop. */
  read(): Promise<unknown>;
  /** From now on looks regularly; `onNames` is called when a queue is new. */
  follow(onNames: () => void): void;
  /** The tree as it was seen last; null while there is none. */
  followed(): Tree | null;
  queueNames(): readonly string[];
  stop(): Promise<void>;
}

/** See {@link TreeStore}. */
export function createTreeStore(dependencies: TreeStoreDependencies): TreeStore {
  const { board, supervisor, leads, clock, log } = dependencies;
  const stopping = new AbortController();
  const untilDone = untilDoneWith(clock, log, stopping.signal);
  let followed: Tree | null = null;
  let names: readonly string[] = [];
  let lastText = '';
  let timer: Timer | undefined;

  const writer = createLatestWriter<Tree>((_, tree) =>
    untilDone('tree', async () => {
      if (leads()) await board.saveTree(supervisor, tree);
    }),
  );

  async function look(onNames: () => void): Promise<void> {
    const found = await board.queueNames();
    if (found.length !== names.length) {
      names = found;
      onNames();
    }
    if (!leads()) followed = readTree(await board.tree());
  }

  return {
    save(tree) {
      followed = tree;
      const text = JSON.stringify(tree);
      if (text === lastText) return;
      lastText = text;
      writer.save(KEY, tree);
    },
    async read() {
      const [saved, found] = await untilDone('tree', () => Promise.all([board.tree(), board.queueNames()]));
      names = found;
      lastText = '';
      return saved;
    },
    follow(onNames) {
      // The store away is no news: the next look is as good.
      timer = clock.every(FOLLOW_MS, () => void look(onNames).catch(() => undefined));
    },
    followed: () => followed,
    queueNames: () => names,
    async stop() {
      timer?.cancel();
      stopping.abort(new Error('the supervisor stops'));
      await writer.settled();
    },
  };
}
