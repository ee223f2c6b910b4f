import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimFolder } from './folder.ts';
import { startMark } from './process-identity.ts';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'millrace-folder-'));
});
afterEach(() => rm(base, { recursive: true }));

describe('the folder of a run', () => {
  it('is made with what belongs in it, its key for this user alone', async () => {
    const folder = await claimFolder(join(base, 'new'), process.pid);
    expect((await stat(folder.linkKeyFile)).mode & 0o777).toBe(0o600);
    const key = await readFile(folder.linkKeyFile, 'utf8');
    expect(key).toMatch(/^[0-9a-f]{64}\n$/);
    await folder.release();
    const again = await claimFolder(join(base, 'new'), process.pid);
    expect(await readFile(again.linkKeyFile, 'utf8')).toBe(key);
  });

  it('is held by one living process', async () => {
    await claimFolder(base, process.ppid);
    await expect(claimFolder(base, process.pid)).rejects.toThrow(
      `The folder ${base} is in use by another Millrace (process ${process.ppid}): stop that one, or choose another folder with --dir DIR.`,
    );
  });

  it.each([
    ['a process that is gone', { pid: 2 ** 22 + 1, mark: 'x' }],
    ['a pid that another process has now', { pid: process.pid, mark: 'of an earlier one' }],
  ])('is taken over from %s', async (_, dead) => {
    await writeFile(join(base, 'lock'), JSON.stringify(dead));
    await claimFolder(base, process.pid);
    const owner = JSON.parse(await readFile(join(base, 'lock'), 'utf8'));
    expect(owner).toEqual({ pid: process.pid, mark: await startMark(process.pid) });
  });

  it('is taken over when the lock is no lock', async () => {
    await writeFile(join(base, 'lock'), '{"pid":');
    await claimFolder(base, process.pid);
  });

  it('goes to one of two that claim it at once', async () => {
    await writeFile(join(base, 'lock'), JSON.stringify({ pid: 2 ** 22 + 1, mark: 'x' }));
    const claims = await Promise.allSettled([
      claimFolder(base, process.pid),
      claimFolder(base, process.ppid),
    ]);
    expect(claims.filter((claim) => claim.status === 'fulfilled')).toHaveLength(1);
  });

  it('says in a sentence that it cannot be written', async () => {
    await writeFile(join(base, 'file'), '');
    const inTheWay = join(base, 'file', 'below');
    await expect(claimFolder(inTheWay, process.pid)).rejects.toThrow(
      new RegExp(
        `^The folder ${inTheWay} cannot be written to \\(ENOTDIR.*choose another with --dir DIR\\.$`,
      ),
    );
  });
});
