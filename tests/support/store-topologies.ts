import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@millrace/core';
import { Redis } from 'ioredis';
import { freePort, storeServer } from './store-setup.ts';

/** One server process, which its test may kill. */
export interface ServerProcess {
  readonly port: number;
  signal(name: NodeJS.Signals): void;
  kill(): Promise<void>;
}

async function untilTrue(what: string, ask: () => Promise<boolean>, withinMs = 30_000): Promise<void> {
  const end = systemClock.monotonicMs() + withinMs;
  while (!(await ask().catch(() => false))) {
    if (systemClock.monotonicMs() > end) throw new Error(`waited ${withinMs} ms in vain until ${what}`);
    await systemClock.sleep(20);
  }
}

/** Asks one server, over a connection of its own, past every discovery. */
export async function ask(port: number, ...command: string[]): Promise<unknown> {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => null, lazyConnect: true });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await client.call(command[0] as string, ...command.slice(1));
  } finally {
    client.disconnect();
  }
}

async function startProcess(dir: string, args: readonly string[], port: number): Promise<ServerProcess> {
  const child = spawn(await storeServer(), [...args], { cwd: dir, stdio: 'ignore' });
  const ended = once(child, 'exit');
  await untilTrue(`port ${port} answers`, async () => (await ask(port, 'PING')) === 'PONG');
  return {
    port,
    signal: (name) => void child.kill(name),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function startServer(dir: string, args: readonly string[] = []): Promise<ServerProcess> {
  const port = await freePort();
  const name = ['--dbfilename', `${port}.rdb`, '--appenddirname', `aof-${port}`, '--dir', dir];
  const base = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes'];
  return startProcess(dir, [...base, ...name, '--repl-diskless-sync-delay', '0', ...args], port);
}

/**
 * From here on the master answers no write, and its replica has all that was answered. Replication is asynchronous: a
 * failover may lose what only the master had (docs/store.md), so a test that counts every accepted job begins with this.
 */
export async function holdReplicated(master: ServerProcess): Promise<void> {
  await ask(master.port, 'CLIENT', 'PAUSE', '600000', 'WRITE');
  await untilTrue('the replica has everything', async () => {
    const info = String(await ask(master.port, 'INFO', 'replication'));
    const written = /master_repl_offset:(\d+)/.exec(info)?.[1];
    return written !== undefined && new RegExp(`slave0:.*state=online,offset=${written},`).test(info);
  });
}

/** A master, a replica and three Sentinels that agree within half a second. */
export interface SentinelTopology {
  readonly name: string;
  readonly nodes: readonly string[];
  readonly master: ServerProcess;
  readonly replica: ServerProcess;
  /** Port of the server that the Sentinels call master now. */
  masterPort(): Promise<number>;
  close(): Promise<void>;
}

export async function sentinelTopology(): Promise<SentinelTopology> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-sentinel-'));
  const name = 'jobs';
  const master = await startServer(dir);
  const replica = await startServer(dir, ['--replicaof', '127.0.0.1', String(master.port)]);
  await untilTrue('the replica follows', async () =>
    String(await ask(replica.port, 'INFO', 'replication')).includes('master_link_status:up'),
  );
  const sentinels = await Promise.all([0, 1, 2].map(() => startSentinel(dir, name, master.port)));
  const [first] = sentinels as [ServerProcess, ...ServerProcess[]];
  await untilTrue('the Sentinels know each other and the replica', async () => {
    const states = await Promise.all(sentinels.map(({ port }) => ask(port, 'SENTINEL', 'MASTER', name)));
    return states.every((state) => {
      const fields = state as string[];
      const field = (key: string) => fields[fields.indexOf(key) + 1];
      return field('num-other-sentinels') === '2' && field('num-slaves') === '1';
    });
  });
  return {
    name,
    nodes: sentinels.map(({ port }) => `127.0.0.1:${port}`),
    master,
    replica,
    masterPort: async () =>
      Number(((await ask(first.port, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)) as string[])[1]),
    async close() {
      await Promise.all([...sentinels, master, replica].map((server) => server.kill()));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function startSentinel(dir: string, name: string, masterPort: number): Promise<ServerProcess> {
  const port = await freePort();
  const file = join(dir, `sentinel-${port}.conf`);
  const lines = [
    ...[`port ${port}`, 'bind 127.0.0.1', `dir ${dir}`, `sentinel monitor ${name} 127.0.0.1 ${masterPort} 2`],
    ...[`sentinel down-after-milliseconds ${name} 500`, `sentinel failover-timeout ${name} 3000`],
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return startProcess(dir, [file, '--sentinel'], port);
}

/** Masters that share all slots. */
export interface ClusterTopology {
  readonly nodes: readonly string[];
  /** The master that the slot of `key` was given to at the start. */
  masterOf(key: string): Promise<ServerProcess>;
  /** Moves the slot of `key` to another master, as a resharding does. Returns that one's index. */
  moveSlotOf(key: string): Promise<number>;
  close(): Promise<void>;
}

const SLOTS = 16_384;

/** Three masters; `withReplicas`: each with a replica, which takes over two seconds after its master fell silent. */
export async function clusterTopology(withReplicas = false): Promise<ClusterTopology> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-cluster-'));
  const all: ServerProcess[] = [];
  const masters = 3;
  for (let i = 0; i < (withReplicas ? 2 : 1) * masters; i++) {
    const own = ['--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${i}.conf`];
    all.push(await startServer(dir, [...own, '--cluster-node-timeout', '2000']));
  }
  const servers = all.slice(0, masters);
  const [first, ...others] = all as [ServerProcess, ...ServerProcess[]];
  for (const [i, { port }] of servers.entries()) {
    const from = Math.floor((SLOTS * i) / masters);
    const to = Math.floor((SLOTS * (i + 1)) / masters) - 1;
    await ask(port, 'CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
    await ask(port, 'CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
  }
  for (const { port } of others) await ask(first.port, 'CLUSTER', 'MEET', '127.0.0.1', String(port));
  await untilTrue('every node sees the whole Cluster', async () => {
    const infos = await Promise.all(all.map(({ port }) => ask(port, 'CLUSTER', 'INFO')));
    return infos.every(
      (info) =>
        String(info).includes('cluster_state:ok') &&
        String(info).includes(`cluster_known_nodes:${all.length}`),
    );
  });
  for (const [i, replica] of all.slice(masters).entries()) await follow(replica, servers[i] as ServerProcess);
  return {
    nodes: all.map(({ port }) => `127.0.0.1:${port}`),
    masterOf: async (key) => servers[ownerOf(await slotOf(first.port, key), masters)] as ServerProcess,
    moveSlotOf: (key) => moveSlot(servers, key),
    async close() {
      await Promise.all(all.map((server) => server.kill()));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function follow(replica: ServerProcess, master: ServerProcess): Promise<void> {
  await ask(replica.port, 'CLUSTER', 'REPLICATE', String(await ask(master.port, 'CLUSTER', 'MYID')));
  await untilTrue('the replica follows', async () =>
    String(await ask(replica.port, 'INFO', 'replication')).includes('master_link_status:up'),
  );
}

const slotOf = async (port: number, key: string) => Number(await ask(port, 'CLUSTER', 'KEYSLOT', key));

/** Which of `masters` was given the slot. */
function ownerOf(slot: number, masters: number): number {
  return Array.from({ length: masters }, (_, i) => Math.floor((SLOTS * (i + 1)) / masters)).findIndex(
    (end) => slot < end,
  );
}

/** A resharding in small: the keys go over while clients are told to ask. */
async function moveSlot(servers: readonly ServerProcess[], key: string): Promise<number> {
  const slot = String(await slotOf(servers[0]?.port ?? 0, key));
  const ids = await Promise.all(servers.map(async ({ port }) => String(await ask(port, 'CLUSTER', 'MYID'))));
  const from = ownerOf(Number(slot), servers.length);
  const to = (from + 1) % servers.length;
  const [source, target] = [servers[from], servers[to]] as [ServerProcess, ServerProcess];
  const tell = (server: ServerProcess, ...words: string[]) =>
    ask(server.port, 'CLUSTER', 'SETSLOT', slot, ...words);
  await tell(target, 'IMPORTING', ids[from] as string);
  await tell(source, 'MIGRATING', ids[to] as string);
  for (;;) {
    const keys = (await ask(source.port, 'CLUSTER', 'GETKEYSINSLOT', slot, '100')) as string[];
    if (keys.length === 0) break;
    await ask(source.port, 'MIGRATE', '127.0.0.1', String(target.port), '', '0', '5000', 'KEYS', ...keys);
  }
  for (const server of [target, source, ...servers]) await tell(server, 'NODE', ids[to] as string);
  return to;
}
