import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Story, storyTerm } from './otp-story.ts';

const SOURCE = fileURLToPath(new URL('../fixtures/erlang/otp_peer.erl', import.meta.url));

/** Compiled in memory: the test leaves no file. One scheduler, so that what happened first is written down first. */
const BOOT = `
  {ok, Name, Code} = compile:file("${SOURCE}", [binary, report]),
  {module, Name} = code:load_binary(Name, "${SOURCE}", Code),
  Name:main().`;

/** Whether this machine has Erlang (Debian: erlang-base). */
export function hasErlang(): boolean {
  return spawnSync('erl', ['-noshell', '-eval', 'halt().']).status === 0;
}

/** A long-lived Erlang that plays stories to real supervisors, many at once if asked. */
export interface OtpPeer {
  play(story: Story): Promise<string[]>;
  close(): Promise<void>;
}

export async function openOtpPeer(): Promise<OtpPeer> {
  const erl = spawn('erl', ['+S', '1:1', '-noshell', '-eval', BOOT], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(erl, 'exit');
  const waiting = new Map<number, PromiseWithResolvers<string[]>>();
  const ready = Promise.withResolvers<void>();
  const fail = (error: Error) => {
    ready.reject(error);
    for (const { reject } of waiting.values()) reject(error);
  };
  ended.then(([code]) => fail(new Error(`Erlang ended with code ${code}`)), fail);
  let stories = 0;

  createInterface(erl.stdout).on('line', (line) => {
    if (line === 'ready') return ready.resolve();
    const [, number, log] = /^(\d+) (.*)$/.exec(line) ?? [];
    if (log === undefined) return fail(new Error(`Erlang said: ${line}`));
    waiting.get(Number(number))?.resolve(log.split('|'));
    waiting.delete(Number(number));
  });
  await ready.promise;
  return {
    play(story) {
      const number = stories++;
      const log = Promise.withResolvers<string[]>();
      waiting.set(number, log);
      erl.stdin.write(`${storyTerm(number, story)}\n`);
      return log.promise;
    },
    async close() {
      erl.stdin.end();
      await ended;
    },
  };
}
