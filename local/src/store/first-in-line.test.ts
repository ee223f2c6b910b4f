import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { goFirst } from './first-in-line.ts';

let child: ReturnType<typeof spawn>;
let pid: number;
beforeEach(async () => {
  child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  await once(child, 'spawn');
  pid = child.pid as number;
});
afterEach(() => {
  child.kill('SIGKILL');
});

const isRoot = process.getuid?.() === 0;

it.runIf(isRoot)('comes before others, in its session and with its session', async () => {
  await goFirst(pid);
  expect(getPriority(pid)).toBe(-10);
  const group = await readFile(`/proc/${pid}/autogroup`, 'utf8').catch(() => null);
  if (group) expect(group).toMatch(/nice -10$/m);
});

it('changes nothing, and says nothing, where it is not allowed or the process is gone', async () => {
  child.kill('SIGKILL');
  await once(child, 'exit');
  await expect(goFirst(pid)).resolves.toBeUndefined();
});
