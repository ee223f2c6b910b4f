import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

async function linuxChildren(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
}

async function psChildren(pid: number): Promise<string> {
  const { stdout } = await promisify(execFile)('pgrep', ['-P', String(pid)]);
  return stdout;
}

/** The processes that `pid` has started and that still run; none when it is gone. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await linuxChildren(pid)
    .catch(() => psChildren(pid))
    .catch(() => '');
  return text.split(/\s+/).filter(Boolean).map(Number);
}
