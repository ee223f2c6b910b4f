import type { ServerResponse } from 'node:http';
import {
  type Clock,
  type Lifecycle,
  type Log,
  lifecycle,
  messageOf,
  type Recovery,
  type RecoveryView,
} from '@millrace/core';
import type { Board, QueueSnapshot } from '@millrace/queue';
import { type EventClient, eventClient } from './client.ts';

/** How often the store is looked at while somebody listens; all listeners share each look. */
const LOOK_MS = 250;
const QUEUES_MS = 1_000;
const HEARTBEAT_MS = 15_000;
const RECOVERIES = 50;

export interface HubOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly board: Pick<Board, 'status' | 'recoveries'>;
  readonly snapshots: () => Promise<readonly QueueSnapshot[]>;
  /** A recovery as it is told. */
  readonly recoveryView: (recovery: Recovery) => RecoveryView;
}

/** Tells listeners what changes: `queues` at least every second, `workers`, `pools` and `recovery` on change. */
export interface EventHub extends Lifecycle {
  readonly listeners: number;
  /** True while it takes listeners: from start to stop. */
  readonly isOpen: boolean;
  /** Takes over the response until the client goes, or the hub stops. */
  listen(response: ServerResponse): void;
}

interface Seen {
  queues: string;
  queuesAtMs: number;
  workers: string;
  pools: string;
  recoveries: Map<string, string>;
}

const frameOf = (event: string, data: string) => `event: ${event}\ndata: ${data}\n\n`;

export function createEventHub({ clock, log, board, snapshots, recoveryView }: HubOptions): EventHub {
  const clients = new Set<EventClient>();
  let seen: Seen | null = null;
  let timers: { cancel(): void }[] = [];
  let isOpen = false;
  let looking: Promise<void> | null = null;

  const tell = (key: string, frame: string) => {
    for (const client of clients) client.offer(key, frame);
  };

  /** Recoveries that are new, or further than when last seen; the first look only remembers. */
  const tellRecoveries = (recoveries: readonly Recovery[], before: Map<string, string> | undefined) => {
    const now = new Map(recoveries.map((recovery) => [recovery.id, JSON.stringify(recoveryView(recovery))]));
    for (const [id, text] of [...now].reverse()) {
      if (before && before.get(id) !== text) tell(`recovery ${id}`, frameOf('recovery', text));
    }
    return now;
  };

  const look = async () => {
    const [queues, status, recoveries] = await Promise.all([
      snapshots(),
      board.status(),
      board.recoveries(RECOVERIES),
    ]);
    const nowMs = clock.monotonicMs();
    const texts = {
      queues: JSON.stringify({ queues }),
      workers: JSON.stringify(status),
      pools: JSON.stringify({ pools: status?.pools ?? [] }),
    };
    const isDue = !seen || nowMs - seen.queuesAtMs >= QUEUES_MS || seen.queues !== texts.queues;
    if (isDue) tell('queues', frameOf('queues', texts.queues));
    for (const kind of ['workers', 'pools'] as const) {
      if (seen?.[kind] !== texts[kind]) tell(kind, frameOf(kind, texts[kind]));
    }
    const queuesAtMs = isDue || !seen ? nowMs : seen.queuesAtMs;
    seen = { ...texts, queuesAtMs, recoveries: tellRecoveries(recoveries, seen?.recoveries) };
  };

  const lookOnce = () => {
    looking ??= look()
      // Weather: the heartbeats go on, and so do the events when the store is back.
      .catch((error) => log.debug({ error: messageOf(error) }, 'no look at the store for the event stream'))
      .finally(() => {
        looking = null;
      });
  };

  const watch = () => {
    lookOnce();
    timers = [
      clock.every(LOOK_MS, lookOnce),
      clock.every(HEARTBEAT_MS, () => tell('heartbeat', ': heartbeat\n\n')),
    ];
  };
  const rest = () => {
    for (const timer of timers) timer.cancel();
    seen = null;
  };

  const life = lifecycle(
    async () => {
      isOpen = true;
    },
    async () => {
      isOpen = false;
      rest();
      for (const client of clients) client.end();
      clients.clear();
      await looking;
    },
  );
  return {
    ...life,
    get listeners() {
      return clients.size;
    },
    get isOpen() {
      return isOpen;
    },
    listen(response) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      const client = eventClient(response, clock);
      client.offer('retry', 'retry: 1000\n\n');
      if (seen) {
        for (const kind of ['queues', 'workers', 'pools'] as const)
          client.offer(kind, frameOf(kind, seen[kind]));
      }
      clients.add(client);
      response.once('close', () => {
        clients.delete(client);
        if (clients.size === 0) rest();
      });
      if (clients.size === 1) watch();
    },
  };
}
