import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { systemClock } from '@millrace/core';
import type { Host } from '../call.ts';
import { createPaint } from '../output/colour.ts';
import { run } from '../run.ts';
import type { Terminal } from '../terminal.ts';

const plain = createPaint(false);

function terminalOn(input: Readable, output: PassThrough, errors: PassThrough): Terminal {
  return {
    input,
    output,
    errors,
    isInteractive: { input: false, output: false, errors: false },
    width: 80,
    paint: plain,
    errorWidth: 80,
    errorPaint: plain,
  };
}

/** A host that nobody sits at, and that ends with the test. */
export function silentHost(changes: Partial<Host> = {}): Host {
  const never = new AbortController().signal;
  return {
    terminal: terminalOn(Readable.from([]), new PassThrough(), new PassThrough()),
    clock: systemClock,
    env: { url: undefined, token: undefined },
    signal: never,
    abandon: never,
    up: async () => 0,
    chaos: () => import('@millrace/local'),
    ...changes,
  };
}

/** What one run of the command line came to. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line against the server at `url` and keeps what it wrote. */
export async function runCommand(
  url: string,
  argv: readonly string[],
  changes: Partial<Host> & {
    readonly stdin?: Readable;
    readonly isInteractive?: Terminal['isInteractive'];
  } = {},
): Promise<Ran> {
  const output = new PassThrough();
  const errors = new PassThrough();
  const { stdin = Readable.from([]), isInteractive, ...rest } = changes;
  const plainTerminal = terminalOn(stdin, output, errors);
  const terminal = isInteractive ? { ...plainTerminal, isInteractive } : plainTerminal;
  const host = silentHost({ terminal, env: { url, token: undefined }, ...rest });
  const kept = Promise.all([text(output), text(errors)]);
  const code = await run(argv, host, '0.0.0');
  output.end();
  errors.end();
  const [out, err] = await kept;
  return { code, out, err };
}
