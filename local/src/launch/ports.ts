import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { type Config, MillraceError } from '@millrace/core';

/** A port that the configuration names. `key` is how a person changes it. */
export interface NamedPort {
  readonly key: string;
  readonly host: string;
  readonly port: number;
}

/** The key of a port of the supervisor `at`, counted from 0: the first one's are those of the configuration. */
export function supervisorPort(name: 'linkPort' | 'healthPort', at: number): string {
  return at === 0 ? `supervision.${name}` : `supervision.${name}.${at + 1}`;
}

/** Every port of a run, in the order in which they are checked. */
export function namedPorts(config: Config): NamedPort[] {
  const { http, supervision, worker } = config;
  const further = Array.from({ length: supervision.replicas - 1 }, (_, at) => [
    { key: supervisorPort('linkPort', at + 1), host: supervision.linkHost, port: 0 },
    { key: supervisorPort('healthPort', at + 1), host: http.healthHost, port: 0 },
  ]);
  return [
    { key: 'http.port', host: http.host, port: http.port },
    { key: 'http.healthPort', host: http.healthHost, port: http.healthPort },
    { key: 'supervision.healthPort', host: http.healthHost, port: supervision.healthPort },
    { key: 'worker.healthPort', host: http.healthHost, port: worker.healthPort },
    { key: 'supervision.linkPort', host: supervision.linkHost, port: supervision.linkPort },
    ...further.flat(),
  ];
}

function refusal({ key, host, port }: NamedPort, error: NodeJS.ErrnoException): MillraceError {
  const [section, name] = key.split('.');
  const why =
    error.code === 'EADDRINUSE' ? 'is taken' : `cannot be listened on (${error.code ?? error.message})`;
  return new MillraceError(
    'start_failed',
    `Port ${port} (${key}) on ${host} ${why}: stop what listens there, or write "${section}: { ${name}: N }" with a free port into a file and give it as --config FILE.`,
    { cause: error },
  );
}

async function listen(named: NamedPort): Promise<Server> {
  const server = createServer().listen({ host: named.host, port: named.port, exclusive: true });
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    throw refusal(named, error as NodeJS.ErrnoException);
  }
}

/**
 * Checks that every port is free and puts a free one where the configuration says 0. All are held until the last
 * is known, so that no two get the same. Returns port by key; throws `start_failed` naming the port and its key.
 */
export async function reservePorts(named: readonly NamedPort[]): Promise<Map<string, number>> {
  const held: Server[] = [];
  try {
    const ports = new Map<string, number>();
    for (const each of named) {
      const server = await listen(each);
      held.push(server);
      ports.set(each.key, (server.address() as { port: number }).port);
    }
    return ports;
  } finally {
    for (const server of held) server.close();
    await Promise.all(held.map((server) => once(server, 'close')));
  }
}

/** A free loopback port, `preferred` if that is free. */
export async function freePort(preferred = 0): Promise<number> {
  const named = { key: 'store.port', host: '127.0.0.1', port: preferred };
  const ports = await reservePorts([named]).catch(() => reservePorts([{ ...named, port: 0 }]));
  return ports.get('store.port') as number;
}
