import { readFile } from 'node:fs/promises';
import { compileConfig } from '@millrace/core';
import { describe, expect, it } from 'vitest';
import { runCommand } from './testing/host.ts';

const GUIDE = new URL('../../docs/supervision.md', import.meta.url);
const NOBODY = 'http://127.0.0.1:1';

async function blocksOf(language: string): Promise<string[]> {
  const guide = await readFile(GUIDE, 'utf8');
  return [...guide.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text = '']) => text);
}

describe('docs/supervision.md', () => {
  it('configures what there is to configure', async () => {
    const blocks = await blocksOf('yaml');
    expect(blocks.length).toBeGreaterThan(5);
    for (const yaml of blocks) expect(() => compileConfig({}, yaml), yaml).not.toThrow();
    expect(() => compileConfig({}, 'supervision: {intensty: 5}')).toThrow('intensity');
  });

  it('uses verbs and flags that there are', async () => {
    const lines = (await blocksOf('sh')).flatMap((text) => text.split('\n').filter((line) => line !== ''));
    expect(lines.length).toBeGreaterThan(8);
    for (const line of lines) {
      const [program, ...words] = line.replace(/ +#.*/, '').split(' ');
      expect(program, line).toBe('millrace');
      const { code, err } = await runCommand(NOBODY, words);
      expect({ code, err }, line).toMatchObject({ code: 1, err: expect.stringContaining('Nothing listens') });
    }
  });

  it('speaks of each pattern in all three tongues', async () => {
    const counts = await Promise.all(
      ['erlang', 'rust', 'go'].map(async (name) => (await blocksOf(name)).length),
    );
    expect(new Set(counts).size).toBe(1);
  });
});
