/*
 * A collector that only counts: `node main.ts`, an OTLP/HTTP endpoint under /<side> in a process of its own. It says its
 * port over the channel, answers `counts` with what came, and ends with its parent.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { gunzipSync } from 'node:zlib';
import { countSpans, type SpanCounts } from './count-spans.ts';
import type { SinkCounts } from './sink.ts';

interface Tally extends SpanCounts {
  requests: number;
  bytes: number;
}

const sides = new Map<string, Tally>();
let broken = 0;

function tallyOf(side: string): Tally {
  const known = sides.get(side) ?? { byName: new Map(), errors: 0, requests: 0, bytes: 0 };
  sides.set(side, known);
  return known;
}

function take(url: string, encoding: string | undefined, body: Buffer): number {
  const [, side = '', ...rest] = url.split('/');
  if (rest.join('/') !== 'v1/traces') return 200;
  try {
    const tally = tallyOf(side);
    tally.requests += 1;
    tally.bytes += body.length;
    countSpans(encoding === 'gzip' ? gunzipSync(body) : body, tally);
    return 200;
  } catch {
    broken += 1;
    return 400;
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const status = take(request.url ?? '', request.headers['content-encoding'], Buffer.concat(chunks));
  // An empty message is the answer "all taken".
  response.writeHead(status, { 'content-type': 'application/x-protobuf', 'content-length': 0 });
  response.end();
}

function counts(): SinkCounts {
  const told = [...sides].map(([side, { byName, errors, requests, bytes }]) => {
    const spans = [...byName.values()].reduce((sum, count) => sum + count, 0);
    return [side, { spans, byName: Object.fromEntries(byName), errors, requests, bytes }] as const;
  });
  const { user, system } = process.cpuUsage();
  return { sides: Object.fromEntries(told), broken, cpuMs: (user + system) / 1000 };
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
});
process.on('message', () => process.send?.(counts()));
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
