import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@millrace/core';

const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url));

/** What came of one side since the sink began. */
export interface SideCounts {
  readonly spans: number;
  /** By the first word of the name. */
  readonly byName: Readonly<Record<string, number>>;
  /** Of them, those with status ERROR. */
  readonly errors: number;
  readonly requests: number;
  readonly bytes: number;
}

export interface SinkCounts {
  readonly sides: Readonly<Record<string, SideCounts>>;
  /** Requests that were no OTLP. */
  readonly broken: number;
  /** Of the sink's process, since its start. */
  readonly cpuMs: number;
}

export const NOTHING: SideCounts = { spans: 0, byName: {}, errors: 0, requests: 0, bytes: 0 };

/** The counting collector in its own process. */
export interface Sink {
  /** Base URL for one side. */
  endpoint(side: string): string;
  counts(): Promise<SinkCounts>;
  stop(): Promise<void>;
}

/** Starts it; resolves when it listens, on loopback. */
export async function startSink(nodeFile: string): Promise<Sink> {
  const child = fork(PROGRAM, [], { execPath: nodeFile, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [{ port }] = (await once(child, 'message')) as [{ readonly port: number }];
  return {
    endpoint: (side) => `http://127.0.0.1:${port}/${side}`,
    async counts() {
      const told = once(child, 'message');
      child.send('counts');
      const [counts] = (await told) as [SinkCounts];
      return counts;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

function post(url: string, agent: Agent, body: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length };
    const call = request(`${url}/v1/traces`, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('end', resolve);
    });
    call.once('error', reject).end(body);
  });
}

/** Spans a second that the sink takes of requests like `body` (of `spans` each), with nothing else to do. */
export async function capacityOf(
  sink: Sink,
  clock: Clock,
  { body, spans, ms }: { readonly body: Uint8Array; readonly spans: number; readonly ms: number },
): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const url = sink.endpoint('capacity');
  const startMs = clock.monotonicMs();
  let sent = 0;
  const feed = async () => {
    for (; clock.monotonicMs() - startMs < ms; sent += spans) await post(url, agent, body);
  };
  await Promise.all([feed(), feed()]);
  agent.destroy();
  return (sent * 1000) / (clock.monotonicMs() - startMs);
}
