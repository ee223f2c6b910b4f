import { type Log, lifecycle } from '@millrace/core';
import { z } from 'zod';
import type { Cluster, ClusterEvent, Pod } from './cluster.ts';

/** The line to the launcher, which forks pods for us. Messages are plain objects. */
export interface Channel {
  send(message: object): void;
  onMessage(listener: (message: unknown) => void): void;
}

const pod = { id: z.string(), pool: z.string(), pid: z.int(), startedAtMs: z.number() };

/** What the launcher says; anything else is not for us. */
const fromLauncherSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('pods'), pods: z.array(z.object(pod)) }),
  z.object({ type: z.literal('pod-started'), ...pod }),
  z.object({
    type: z.literal('pod-exited'),
    id: z.string(),
    code: z.int().nullable(),
    signal: z.string().nullable(),
    atMs: z.number(),
    expected: z.boolean(),
  }),
]);

/** Pods as child processes of the launcher that started us. */
export function createLocalCluster(channel: Channel, log: Log): Cluster {
  let onEvent: ((event: ClusterEvent) => void) | undefined;
  let lists: ((pods: readonly Pod[]) => void)[] = [];
  let listening = false;

  const receive = (message: unknown) => {
    const parsed = fromLauncherSchema.safeParse(message);
    if (!parsed.success || !listening) return;
    if (parsed.data.type !== 'pods') return void onEvent?.(parsed.data);
    const { pods } = parsed.data;
    for (const resolve of lists.splice(0)) resolve(pods);
  };

  const { start, stop } = lifecycle(
    async () => {
      listening = true;
      channel.onMessage(receive);
    },
    async () => {
      listening = false;
      lists = [];
    },
  );

  const order = (message: { type: string; id?: string; pool?: string; graceMs?: number }) => {
    log.debug(message, 'Order to the launcher');
    channel.send(message);
  };
  return {
    start,
    stop,
    manages: true,
    controllers: null,
    list: () =>
      new Promise((resolve) => {
        lists.push(resolve);
        order({ type: 'list' });
      }),
    create: (id, pool) => order({ type: 'create-pod', id, pool }),
    remove: (id, graceMs) => order({ type: 'delete-pod', id, graceMs }),
    kill: (id) => order({ type: 'kill-pod', id }),
    listen(listener) {
      onEvent = listener;
    },
  };
}

/** Manages nothing: pods are somebody else's, and their links tell all there is to know. */
export function createUnmanagedCluster(): Cluster {
  return {
    start: async () => undefined,
    stop: async () => undefined,
    manages: false,
    controllers: null,
    list: async () => [],
    create() {},
    remove() {},
    kill() {},
    listen() {},
  };
}
