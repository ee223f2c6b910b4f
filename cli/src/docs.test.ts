import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { HELP } from '@millrace/local';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { upArguments } from './commands/up.ts';
import { buildProgram } from './program.ts';
import { runCommand, silentHost } from './testing/host.ts';

const FILE = fileURLToPath(new URL('../../docs/cli.md', import.meta.url));
const BLOCK = /<!-- help ([^>]+) -->\n```text\n[\s\S]*?```\n/g;
const program = buildProgram({ host: silentHost(), exitWith() {} }, '0.0.0');

/** `millrace`, or the words of a verb, as the help of each is asked for. */
async function helpOf(words: string): Promise<string> {
  const { out } = await runCommand('', [...(words === 'millrace' ? [] : words.split(' ')), '--help']);
  return out;
}

/** The words of every verb, those below another verb after it. */
function verbsBelow(parent: Command, before: readonly string[] = []): string[] {
  return parent.commands.flatMap((command) => {
    const words = [...before, command.name()];
    return [words.join(' '), ...verbsBelow(command, words)];
  });
}

/** The file with each help text as the program prints it now; `vitest run cli -u` writes it back. */
async function withCurrentHelp(markdown: string): Promise<string> {
  const blocks = await Promise.all(
    [...markdown.matchAll(BLOCK)].map(async ([, verb = '']) => {
      return `<!-- help ${verb} -->\n\`\`\`text\n${await helpOf(verb)}\`\`\`\n`;
    }),
  );
  return markdown.replace(BLOCK, () => blocks.shift() ?? '');
}

describe('docs/cli.md', () => {
  it('tells what the program prints', async () => {
    const markdown = await readFile(FILE, 'utf8');
    await expect(await withCurrentHelp(markdown)).toMatchFileSnapshot(FILE);
  });

  it('has every verb', async () => {
    const markdown = await readFile(FILE, 'utf8');
    const told = [...markdown.matchAll(BLOCK)].map(([, verb]) => verb);
    expect(told).toEqual(['millrace', ...verbsBelow(program)]);
  });

  it('has no help line wider than a terminal', async () => {
    for (const words of verbsBelow(program)) {
      for (const line of (await helpOf(words)).split('\n')) {
        expect(line.length, line).toBeLessThanOrEqual(80);
      }
    }
  });
});

describe('millrace up', () => {
  it('has the flags of npm start', () => {
    const up = program.commands.find((command) => command.name() === 'up');
    const flags = (text: string) => [...new Set(text.match(/--[a-z][a-z-]*[a-z]/g))].sort();
    const ours = [...(up?.options ?? []).map((option) => option.long), '--json', '--help'];
    expect(ours.sort()).toEqual(flags(HELP));
  });

  it('hands them on as they are, and answers with the same exit code', async () => {
    const received: string[][] = [];
    const up = async (args: readonly string[]) => {
      received.push([...args]);
      return 2;
    };
    const { code } = await runCommand('', ['up', '--demo', '--jobs', '5', '--json'], { up });
    expect(code).toBe(2);
    expect(received).toEqual([['--demo', '--jobs', '5', '--json']]);
    expect(upArguments({ dir: '/tmp/x', demo: true })).toEqual(['--dir', '/tmp/x', '--demo']);
    expect(upArguments({ jaeger: true })).toEqual([]);
    expect(upArguments({ jaeger: false })).toEqual(['--no-jaeger']);
  });
});
