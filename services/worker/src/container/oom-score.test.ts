import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { canLimitMemory, limitMemory } from '../../../../tests/support/memory-limit.ts';
import { adjustmentOf, raiseOomScore, SOONER } from './oom-score.ts';

const MIB = 1024 * 1024;
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** A process that takes so much memory once it is told to, says so, and waits. */
function eater(mib: number): ChildProcess {
  const code = `process.stdin.once('data', () => {
    globalThis.kept = Array.from({ length: ${mib} / 8 }, () => Buffer.alloc(8 * ${MIB}, 1));
    process.stdout.write('full');
  });
  setInterval(() => {}, 1e6);
  process.stdout.write('here')`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'inherit'] });
  running.push(child);
  return child;
}

const said = (child: ChildProcess) => once(child.stdout as NodeJS.ReadableStream, 'data');
const eat = (child: ChildProcess) => child.stdin?.write('eat');
const adjustment = (pid: number | 'self') => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'latin1'));

test.each([
  ['a process of no class', 0, 100, 400],
  ['a pod with much set aside', -997, -897, -597],
  ['a pod with little set aside', 979, 990, 995],
  ['a pod with nothing set aside', 1_000, 1_000, 1_000],
])('%s: its workers sooner, their jobs’ processes before them', (_, pod, worker, job) => {
  expect(adjustmentOf(pod, SOONER.worker)).toBe(worker);
  expect(adjustmentOf(worker, SOONER.job)).toBe(job);
});

test.runIf(existsSync('/proc/self/oom_score_adj'))('a child is raised, a dead one does no harm', async () => {
  const child = eater(0);
  await said(child);
  raiseOomScore(child.pid as number, SOONER.worker);
  expect(adjustment(child.pid as number)).toBe(adjustmentOf(adjustment('self'), SOONER.worker));
  child.kill('SIGKILL');
  await once(child, 'exit');
  raiseOomScore(child.pid as number, SOONER.worker);
});

test.runIf(canLimitMemory)(
  'the kernel ends the raised process, though another holds more memory',
  { timeout: 60_000 },
  async () => {
    // What they held before is not counted in the group: it is full while the big one is the bigger.
    const [big, small] = [eater(120), eater(128)];
    await Promise.all([said(big), said(small)]);
    const group = await limitMemory(big.pid as number, 200 * MIB);
    await group.add(small.pid as number);
    raiseOomScore(small.pid as number, SOONER.job);
    eat(big);
    await said(big);
    const ended = once(small, 'exit');
    const first = Promise.race([ended.then(() => 'small'), once(big, 'exit').then(() => 'big')]);
    eat(small);
    const alsoBig = said(small).then(() => 'nobody');
    expect(await Promise.race([first, alsoBig])).toBe('small');
    big.kill('SIGKILL');
    await group.end();
  },
);
