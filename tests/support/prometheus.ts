import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { until } from './queue.ts';

/** What is scraped, with the labels that its monitor adds. */
export interface Target {
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** A Prometheus of our own on loopback, with its data in a folder of its own. */
export interface Prometheus {
  /** How many series an expression gives. Throws with Prometheus' own words when it does not take it. */
  query(expr: string): Promise<number>;
  stop(): Promise<void>;
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: { readonly resultType: string; readonly result: readonly unknown[] };
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Serves `text` as metrics, for what there is no process of here. */
export async function serveMetrics(text: string): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, close: () => server.close() };
}

/** Scrapes the targets four times a second. */
export async function startPrometheus(targets: readonly Target[]): Promise<Prometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-prometheus-'));
  const port = await freePort();
  const config = {
    global: { scrape_interval: '250ms', scrape_timeout: '250ms' },
    scrape_configs: [
      {
        job_name: 'millrace',
        static_configs: targets.map((target) => ({
          targets: [`127.0.0.1:${target.port}`],
          labels: target.labels,
        })),
      },
    ],
  };
  await writeFile(join(dir, 'prometheus.yml'), stringify(config));
  const args = [
    `--config.file=${join(dir, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn('prometheus', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(said);
    return (await fetch(`${url}/-/ready`).catch(() => null))?.ok === true;
  }, 'Prometheus is ready');
  return {
    async query(expr) {
      const body = new URLSearchParams({ query: expr });
      const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body });
      const answer = (await response.json()) as Answer;
      if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error}`);
      return answer.data.resultType === 'vector' ? answer.data.result.length : 1;
    },
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      await rm(dir, { recursive: true, force: true });
    },
  };
}
