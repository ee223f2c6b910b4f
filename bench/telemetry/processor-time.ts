import { readFile } from 'node:fs/promises';
import { childrenOf } from '@millrace/local';

/** Of a clock tick, on every Linux that Node runs on. */
const TICK_MS = 10;

async function ofOne(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in parentheses may hold anything; utime and stime are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS;
}

/** Processor time so far of these processes and all that they started, in ms; 0 where there is no /proc. */
export async function processorMs(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(
    pids.map(async (pid) => (await ofOne(pid)) + (await processorMs(await childrenOf(pid)))),
  );
  return each.reduce((sum, ms) => sum + ms, 0);
}
