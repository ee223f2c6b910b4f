import { parseArgs } from 'node:util';
import { didYouMean, MillraceError } from '@millrace/core';

/** A command line of `npm run bench`. */
export interface BenchCommand {
  readonly name: string;
  readonly json: boolean;
  readonly quick: boolean;
  readonly seconds: number | null;
  readonly only: readonly string[] | null;
  readonly seed: number;
}

const FLAGS = {
  json: { type: 'boolean' },
  quick: { type: 'boolean' },
  seconds: { type: 'string' },
  only: { type: 'string' },
  seed: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const LONGEST_S = 86_400;

export const HELP = `Usage: npm run bench -- <name> [flags]

  --json       the last line of stdout is one JSON object
  --quick      a smoke under 60 s that proves the bench works: no figure
  --seconds N  how long the measured part may take (1 to ${LONGEST_S}; default: bench/README.md)
  --only A,B   only these parts, where a bench has parts (chaos: its faults)
  --seed N     another draw of everything that is drawn (default 42)
  --help       this text

`;

/** Thrown for a command line that cannot be understood; exit code 2. */
export class BenchUsage extends MillraceError {
  constructor(sentence: string) {
    super('usage', sentence);
    this.name = 'BenchUsage';
  }
}

type Values = Partial<Record<keyof typeof FLAGS, string | boolean>>;

function readWords(argv: readonly string[]): { readonly values: Values; readonly names: string[] } {
  const { tokens } = parseArgs({ args: [...argv], options: FLAGS, strict: false, tokens: true });
  const values: Values = {};
  const names: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') names.push(token.value);
    if (token.kind !== 'option') continue;
    const name = token.name as keyof typeof FLAGS;
    if (!Object.hasOwn(FLAGS, name)) {
      const known = Object.keys(FLAGS).map((each) => `--${each}`);
      throw new BenchUsage(`Unknown flag ${token.rawName}${didYouMean(token.rawName, known)}.`);
    }
    const takesValue = FLAGS[name].type === 'string';
    if (takesValue && !token.value) throw new BenchUsage(`${token.rawName} needs a value.`);
    if (!takesValue && token.inlineValue) throw new BenchUsage(`${token.rawName} takes no value.`);
    values[name] = token.value ?? true;
  }
  return { values, names };
}

function integer(flag: string, value: string | boolean | undefined, min: number, max: number): number | null {
  if (value === undefined) return null;
  const number = Number(value);
  if (/^\d+$/.test(String(value)) && number >= min && number <= max) return number;
  throw new BenchUsage(`--${flag} must be a whole number from ${min} to ${max}, not "${value}".`);
}

/** Reads a command line against the names there are; `help` when that was asked for. Throws {@link BenchUsage}. */
export function parseBench(argv: readonly string[], known: readonly string[]): BenchCommand | 'help' {
  const { values, names } = readWords(argv);
  if (values.help) return 'help';
  const [name, stray] = names;
  if (name === undefined) throw new BenchUsage('Which bench? Name one.');
  if (stray !== undefined) throw new BenchUsage(`One bench at a time: "${stray}" is not expected here.`);
  if (!known.includes(name)) throw new BenchUsage(`There is no bench "${name}"${didYouMean(name, known)}.`);
  return {
    name,
    json: values.json === true,
    quick: values.quick === true,
    seconds: integer('seconds', values.seconds, 1, LONGEST_S),
    only: typeof values.only === 'string' ? values.only.split(',').filter((part) => part !== '') : null,
    seed: integer('seed', values.seed, 0, 4_294_967_295) ?? 42,
  };
}
