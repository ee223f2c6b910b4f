import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Clock, messageOf } from '@millrace/core';
import { isStillRunning, signalProcess, startMark } from './process-identity.ts';

/** One process that the launcher started; `mark` tells it from a later one with the same pid. */
interface Entry {
  readonly name: string;
  readonly pid: number;
  readonly mark: string;
}

/** How often a leftover is looked at while it ends. */
const LOOK_MS = 50;
/** How long a killed process, or a store that was asked to end, may take. */
const END_MS = 10_000;

/**
 * Which processes we started, on disk, so that the next start finds those that a killed launcher left behind.
 * Written with the synchronous calls: a launcher that dies right after a spawn must not forget it.
 */
export class ProcessRecord {
  readonly #file: string;
  readonly #entries = new Map<number, Entry>();

  constructor(file: string) {
    this.#file = file;
  }

  async add(name: string, pid: number): Promise<void> {
    const mark = await startMark(pid);
    if (mark === null) return;
    this.#entries.set(pid, { name, pid, mark });
    this.#write();
  }

  remove(pid: number): void {
    if (this.#entries.delete(pid)) this.#write();
  }

  #write(): void {
    const draft = `${this.#file}.new`;
    writeFileSync(draft, JSON.stringify([...this.#entries.values()]));
    renameSync(draft, this.#file);
  }
}

/** The recorded processes that still run: left over by a launcher that was killed. */
export async function leftovers(file: string): Promise<Entry[]> {
  let entries: Entry[];
  try {
    entries = JSON.parse(readFileSync(file, 'utf8')) as Entry[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new Error(`${file} cannot be read (${messageOf(error)}): remove it`, { cause: error });
  }
  const alive: Entry[] = [];
  for (const entry of entries) if (await isStillRunning(entry.pid, entry.mark)) alive.push(entry);
  return alive;
}

async function endsWithin(entry: Entry, ms: number, clock: Clock): Promise<boolean> {
  const untilMs = clock.monotonicMs() + ms;
  while (await isStillRunning(entry.pid, entry.mark)) {
    if (clock.monotonicMs() >= untilMs) return false;
    await clock.sleep(LOOK_MS);
  }
  return true;
}

/**
 * Sees leftovers to their end. Services and pods noticed the launcher's death and are draining: they get
 * `drainMs` for it, and their whole group is killed after that. The store serves them to the last, so it ends last.
 */
export async function endLeftovers(entries: readonly Entry[], drainMs: number, clock: Clock): Promise<void> {
  const isStore = (entry: Entry) => entry.name === 'store';
  const end = async (entry: Entry, graceMs: number) => {
    if (await endsWithin(entry, graceMs, clock)) return;
    signalProcess(-entry.pid, 'SIGKILL');
    await endsWithin(entry, END_MS, clock);
  };
  await Promise.all(entries.filter((entry) => !isStore(entry)).map((entry) => end(entry, drainMs)));
  for (const entry of entries.filter(isStore)) {
    signalProcess(entry.pid, 'SIGTERM');
    await end(entry, END_MS);
  }
}
