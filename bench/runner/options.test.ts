import { describe, expect, it } from 'vitest';
import { BenchUsage, parseBench } from './options.ts';

const KNOWN = ['chaos', 'recovery'];
const wrong = (...argv: string[]) => {
  try {
    return parseBench(argv, KNOWN);
  } catch (error) {
    expect(error).toBeInstanceOf(BenchUsage);
    return (error as Error).message;
  }
};

describe('the command line of a bench', () => {
  it('is a name and flags, in any order', () => {
    const plain = { name: 'recovery', json: false, quick: false, seconds: null, seed: 42, only: null };
    expect(parseBench(['recovery'], KNOWN)).toEqual(plain);
    const argv = ['--json', 'chaos', '--seconds', '90', '--quick', '--seed=7'];
    expect(parseBench(argv, KNOWN)).toMatchObject({
      ...{ name: 'chaos', json: true },
      ...{ quick: true, seconds: 90, seed: 7 },
    });
    expect(parseBench(['--help'], KNOWN)).toBe('help');
  });

  it.each([
    [[], 'Which bench? Name one.'],
    [['recovry'], 'There is no bench "recovry" (did you mean "recovery"?).'],
    [['drain'], 'There is no bench "drain".'],
    [['toString'], 'There is no bench "toString".'],
    [['chaos', 'recovery'], 'One bench at a time: "recovery" is not expected here.'],
    [['chaos', '--jsn'], 'Unknown flag --jsn (did you mean "--json"?).'],
    [['chaos', '--toString'], 'Unknown flag --toString.'],
    [['chaos', '--json=yes'], '--json takes no value.'],
    [['chaos', '--seconds'], '--seconds needs a value.'],
    [['chaos', '--seconds', '0'], '--seconds must be a whole number from 1 to 86400, not "0".'],
    [['chaos', '--seconds', '1e3'], '--seconds must be a whole number from 1 to 86400, not "1e3".'],
  ])('%j is refused with a sentence', (argv, sentence) => {
    expect(wrong(...argv)).toBe(sentence);
  });
});
