import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request that goes through, and its answer. */
export interface Passing {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
  /** Sends the request to the API, again each time. */
  forward(): Promise<{ status: number; text: string }>;
}

/** What to do with a request: its answer, or null to close the connection without one. */
export type Tamper = (passing: Passing) => Promise<{ status: number; text: string } | null>;

export interface Proxy {
  readonly url: string;
  close(): Promise<void>;
}

function send(target: URL, incoming: IncomingMessage, body: Buffer): ReturnType<Passing['forward']> {
  return new Promise((resolve, reject) => {
    const { host: _host, ...headers } = incoming.headers;
    const outgoing = request(target, { method: incoming.method ?? 'GET', headers }, async (response) => {
      resolve({ status: response.statusCode ?? 0, text: (await buffer(response)).toString() });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  api: string,
  tamper: Tamper,
): Promise<void> {
  const body = await buffer(incoming);
  const path = incoming.url ?? '/';
  const forward = () => send(new URL(path, api), incoming, body);
  const given = await tamper({ method: incoming.method ?? 'GET', path, body, forward });
  if (given === null) return void incoming.socket.destroy();
  response.writeHead(given.status, given.text === '' ? {} : { 'content-type': 'application/json' });
  response.end(given.text);
}

/** Stands before the real API and does to single requests what networks and faults do. */
export async function tamperingProxy(api: string, tamper: Tamper): Promise<Proxy> {
  const server = createServer((incoming, response) => {
    answer(incoming, response, api, tamper).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
