/*
 * A process with one stock worker that does next to nothing: `node noop-process.ts '<NoopProcess as JSON>'`. It says
 * `ready` once it consumes, `flushed` after it was told to flush, and ends when its parent does.
 */
import process from 'node:process';
import { type NoopData, noop } from '../telemetry/work.ts';
import { Worker } from './library.ts';
import type { StockExport } from './otel.ts';

/** What it is told. */
export interface NoopProcess {
  readonly port: number;
  readonly prefix: string;
  readonly queue: string;
  readonly concurrency: number;
  /** Null: without telemetry, and without its modules. */
  readonly telemetry: StockExport | null;
}

const told = JSON.parse(process.argv[2] ?? '') as NoopProcess;
const traced =
  told.telemetry === null ? null : (await import('./otel.ts')).startStockTelemetry(told.telemetry);
const worker = new Worker(told.queue, async ({ data }) => noop(data as NoopData), {
  connection: { host: '127.0.0.1', port: told.port },
  prefix: told.prefix,
  concurrency: told.concurrency,
  ...(traced === null ? {} : { telemetry: traced.telemetry }),
});
worker.on('error', (error) => process.stderr.write(`${error.message}\n`));
process.on('disconnect', () => process.exit(0));
process.on('message', async () => {
  await traced?.flush();
  process.send?.({ type: 'flushed' });
});
await worker.waitUntilReady();
process.send?.({ type: 'ready' });
