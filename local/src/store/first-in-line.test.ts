import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mayGoFirst } from '../../../tests/support/may-go-first.ts';
import { goFirst } from './first-in-line.ts';

let child: ChildProcess;
let pid: number;
beforeEach(async () => {
  child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  await once(child, 'spawn');
  pid = child.pid as number;
});
afterEach(() => {
  child.kill('SIGKILL');
});

it.runIf(mayGoFirst())('comes before others, in its session and with its session', () => {
  goFirst(pid);
  expect(getPriority(pid)).toBe(-10);
  let group: string;
  try {
    group = readFileSync(`/proc/${pid}/autogroup`, 'utf8');
  } catch {
    return;
  }
  expect(group).toMatch(/nice -10$/m);
});

it('is no fault where it cannot be: the process is gone', async () => {
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(() => goFirst(pid)).not.toThrow();
});
