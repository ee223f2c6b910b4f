import { describe, expect, it } from 'vitest';
import { buildProgram } from '../program.ts';
import { silentHost } from '../testing/host.ts';
import { offer } from './candidates.ts';
import { programWords } from './command-words.ts';

const words = programWords(buildProgram({ host: silentHost(), exitWith() {} }, '0.0.0'));

function offered(line: string): string[] | string {
  const found = offer(words, line.split(' '));
  return found.kind === 'words' ? found.words.map((candidate) => candidate.word) : found.kind;
}

describe('completion', () => {
  it('offers verbs first, and again after help', () => {
    expect(offered('')).toContain('enqueue');
    expect(offered('')).not.toContain('__complete');
    expect(offered('help ')).toContain('recoveries');
  });

  it('offers the flags of a verb and of all, except those that stand there', () => {
    expect(offered('jobs --')).toEqual([
      '--state',
      '--limit',
      '--cursor',
      '--version',
      '--json',
      '--url',
      '--help',
    ]);
    expect(offered('jobs workload -s failed --json --')).not.toContain('--json');
    expect(offered('jobs workload -s failed --')).not.toContain('--state');
  });

  it('offers what fits a flag’s value', () => {
    expect(offered('jobs workload --state ')).toContain('delayed');
    expect(offered('enqueue workload --file ')).toBe('files');
    expect(offered('enqueue workload --key ')).toEqual([]);
  });

  it('asks the server for queues and workers where one is due', () => {
    expect(offered('pause ')).toBe('queues');
    expect(offered('--json jobs -n 5 ')).toBe('queues');
    expect(offered('--url http://x drain ')).toBe('workers');
    expect(offered('job workload ')).toEqual([]);
  });

  it('follows verbs of verbs', () => {
    expect(offered('dlq ')).toEqual(['list', 'show', 'replay', 'discard']);
    expect(offered('dlq list ')).toBe('queues');
    expect(offered('dlq list --')).toContain('--reason');
    expect(offered('dlq list --reason ')).toEqual(['poison', 'attempts', 'final']);
    expect(offered('pools ')).toEqual(['resume']);
    expect(offered('pools resume ')).toBe('pools');
    expect(offered('dlq nonsense ')).toEqual([]);
  });

  it('offers the dead letters of the queue before them, as many as are wanted', () => {
    const letters = { kind: 'letters', queue: 'images' };
    expect(offer(words, ['dlq', 'show', 'images', ''])).toEqual(letters);
    expect(offer(words, ['--json', 'dlq', 'replay', '-y', 'images', '17', '18', ''])).toEqual(letters);
    expect(offered('dlq show images 17 ')).toEqual([]);
  });

  it('offers shells', () => {
    expect(offered('completion ')).toEqual(['bash', 'zsh', 'fish']);
  });
});
