import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MillraceError, messageOf } from '@millrace/core';
import { startMark } from './process-identity.ts';

/** Where one installation keeps what it must not forget. All paths are absolute. */
export interface Folder {
  readonly dir: string;
  readonly store: string;
  readonly run: string;
  readonly logs: string;
  /** The secret of the links between supervisor and workers. */
  readonly linkKeyFile: string;
  /** Gives the folder up. */
  release(): Promise<void>;
}

interface Owner {
  readonly pid: number;
  readonly mark: string;
}

function notWritable(dir: string, error: unknown): MillraceError {
  return new MillraceError(
    'start_failed',
    `The folder ${dir} cannot be written to (${messageOf(error)}): give it to this user, or choose another with --dir DIR.`,
    { cause: error },
  );
}

async function ownerOf(lockFile: string): Promise<Owner | null> {
  try {
    return JSON.parse(await readFile(lockFile, 'utf8')) as Owner;
  } catch {
    return null;
  }
}

async function isAlive(owner: Owner | null): Promise<boolean> {
  return owner !== null && (await startMark(owner.pid)) === owner.mark;
}

/** Puts our name on the folder, unless a living process has its own there; returns that one. */
async function takeLock(lockFile: string, owner: Owner): Promise<Owner | null> {
  const draft = `${lockFile}.${owner.pid}`;
  await writeFile(draft, JSON.stringify(owner));
  try {
    for (;;) {
      // A link appears whole or not at all, so nobody ever reads half a lock.
      const taken = await link(draft, lockFile).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false;
          throw error;
        },
      );
      if (taken) return null;
      const holder = await ownerOf(lockFile);
      if (holder?.pid === owner.pid && holder.mark === owner.mark) return null;
      if (holder && (await isAlive(holder))) return holder;
      await retire(lockFile, holder);
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes the lock of a dead owner; a lock that another start put there meanwhile is put back. */
async function retire(lockFile: string, dead: Owner | null): Promise<void> {
  const aside = `${lockFile}.${randomBytes(4).toString('hex')}`;
  await rename(lockFile, aside).catch(() => undefined);
  const moved = await ownerOf(aside);
  if (moved && JSON.stringify(moved) !== JSON.stringify(dead))
    await link(aside, lockFile).catch(() => undefined);
  await rm(aside, { force: true });
}

async function ensureLinkKey(file: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return null;
    throw error;
  });
  if (handle === null) return;
  await handle.writeFile(`${randomBytes(32).toString('hex')}\n`);
  await handle.close();
}

/**
 * Makes `dir` ours until `release`: creates what belongs in it and locks it. Throws `start_failed` when it cannot
 * be written, or when a living process holds it.
 */
export async function claimFolder(dir: string, pid: number): Promise<Folder> {
  const folder = {
    dir,
    store: join(dir, 'store'),
    run: join(dir, 'run'),
    logs: join(dir, 'logs'),
    linkKeyFile: join(dir, 'link.key'),
  };
  const lockFile = join(dir, 'lock');
  let holder: Owner | null;
  try {
    for (const path of [folder.store, folder.run, folder.logs]) await mkdir(path, { recursive: true });
    holder = await takeLock(lockFile, { pid, mark: (await startMark(pid)) ?? '' });
    if (holder === null) await ensureLinkKey(folder.linkKeyFile);
  } catch (error) {
    throw notWritable(dir, error);
  }
  if (holder !== null) {
    throw new MillraceError(
      'start_failed',
      `The folder ${dir} is in use by another Millrace (process ${holder.pid}): stop that one, or choose another folder with --dir DIR.`,
    );
  }
  return { ...folder, release: () => rm(lockFile, { force: true }) };
}
