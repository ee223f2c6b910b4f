import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@millrace/core';
import { type Child, startChild } from '../launch/child.ts';
import type { Folder } from '../launch/folder.ts';
import type { KeptProcess } from '../launch/keeper.ts';
import { freePort } from '../launch/ports.ts';
import type { ServerProgram } from './find-server.ts';
import { goFirst } from './first-in-line.ts';
import { askStore } from './resp.ts';
import { serverArguments } from './server-arguments.ts';

const LOOK_MS = 20;
/** A store that loads a long append-only file answers, but with an error, until it is done. */
const ANSWER_MS = 1_000;
const GRACE_MS = 30_000;

/** Our own store on its port, ready to be kept. */
export interface OwnStore {
  readonly url: string;
  readonly port: number;
  readonly process: KeptProcess;
}

async function rememberedPort(file: string): Promise<number> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const port = Number(text);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : 0;
}

async function answers(url: string, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    const [pong] = await askStore(url, [['PING']], deadline).catch((error) => [error]);
    if (pong === 'PONG') return;
    signal.throwIfAborted();
    await clock.sleep(LOOK_MS, signal);
  }
}

/** A store of our own in the folder, on a free port of its own: the same one as last time when that is free. */
export async function ownStore(
  program: ServerProgram,
  folder: Folder,
  durability: 'fsync' | 'everysec',
  dependencies: { readonly env: Readonly<Record<string, string | undefined>>; readonly clock: Clock },
): Promise<OwnStore> {
  const portFile = join(folder.run, 'store.port');
  const port = await freePort(await rememberedPort(portFile));
  await writeFile(portFile, `${port}\n`);
  const url = `redis://127.0.0.1:${port}`;
  const spawn = async (): Promise<Child> => {
    const child = await startChild({
      name: 'store',
      file: program.file,
      args: serverArguments({ port, dir: folder.store, durability }),
      env: dependencies.env,
      logFile: join(folder.logs, 'store.log'),
      ipc: false,
    });
    goFirst(child.pid);
    return child;
  };
  const untilReady = (_child: Child, signal: AbortSignal) => answers(url, dependencies.clock, signal);
  return { url, port, process: { name: 'store', spawn, untilReady, graceMs: GRACE_MS } };
}
