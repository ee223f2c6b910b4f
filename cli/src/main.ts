import { readFileSync } from 'node:fs';
import process from 'node:process';
import { systemClock } from '@millrace/core';
import type { Host } from './call.ts';
import { createPaint, wantsColour } from './output/colour.ts';
import { run } from './run.ts';
import type { Terminal } from './terminal.ts';

const SIGNAL_ECHO_MS = 500;
const { env, stdin, stdout, stderr } = process;

/** A reader that leaves early (`millrace jobs q | head`) ends us without a complaint. */
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
}

function paintOf(stream: NodeJS.WriteStream) {
  return createPaint(wantsColour(stream.isTTY === true, { noColor: env.NO_COLOR, term: env.TERM }));
}

function widthOf(stream: NodeJS.WriteStream): number {
  return stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY;
}

const terminal: Terminal = {
  get input() {
    return stdin;
  },
  output: stdout,
  errors: stderr,
  isInteractive: {
    input: stdin.isTTY === true,
    output: stdout.isTTY === true,
    errors: stderr.isTTY === true,
  },
  width: widthOf(stdout),
  paint: paintOf(stdout),
  errorWidth: widthOf(stderr),
  errorPaint: paintOf(stderr),
};

const stop = new AbortController();
const abandon = new AbortController();
let lastSignalMs = Number.NEGATIVE_INFINITY;
const onSignal = () => {
  const nowMs = systemClock.monotonicMs();
  // One Ctrl-C arrives several times where npm or our own launcher passes on what the terminal sent to all.
  if (nowMs - lastSignalMs < SIGNAL_ECHO_MS) return;
  lastSignalMs = nowMs;
  (stop.signal.aborted ? abandon : stop).abort();
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);

const host: Host = {
  terminal,
  clock: systemClock,
  env: { url: env.MILLRACE_URL, token: env.MILLRACE_TOKEN },
  signal: stop.signal,
  abandon: abandon.signal,
  // Loaded only for `up` and `chaos`: the other verbs speak HTTP alone.
  up: async (args) => {
    const { hostOf, runUp } = await import('@millrace/local');
    return runUp(args, hostOf(process, env));
  },
  chaos: () => import('@millrace/local'),
};

/** Resolves when all that was written has gone, or nobody reads it any more. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const code = await run(process.argv.slice(2), host, manifest.version);
// A pipe takes 64 KiB at a time, and an exit waits for nobody who reads slowly.
await Promise.all([process.stdout, process.stderr].map(written));
process.exit(code);
