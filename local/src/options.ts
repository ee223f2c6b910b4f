import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { didYouMean, MillraceError } from '@millrace/core';

/** The demo's own parameters. */
export interface DemoSettings {
  readonly jobs: number;
  readonly seed: number;
  /** JSON lines of every event of the run (bench/events.schema.json); null writes none. */
  readonly eventsFile: string | null;
}

/** What `npm start` and `millrace up` were asked for. Paths are absolute. */
export interface UpOptions {
  /** Holds the store's files, logs, keys and the lock of a run. */
  readonly dir: string;
  readonly configFile: string | null;
  /** Machine-readable: the last line of stdout is one JSON object, people's lines go to stderr. */
  readonly json: boolean;
  readonly demo: DemoSettings | null;
  /** Whether a Jaeger may be started for the traces of this run. */
  readonly jaeger: boolean;
}

export const HELP = `Usage: npm start -- [flags]        (or: millrace up [flags])

Runs Millrace on this machine: store, producer, supervisor and worker processes. Ctrl-C drains and stops.

  --dir DIR       folder for the store's files, logs and keys (default ./.millrace)
  --config FILE   configuration, YAML (default: the file that MILLRACE_CONFIG names, if any)
  --demo          run 20,000 jobs, kill workers on the way, check that every job was done exactly once, and stop
    --jobs N      as many jobs instead (1 to 1,000,000)
    --seed N      another seed of the deterministic workload
    --events FILE write every event of the run as JSON lines
  --no-jaeger     start no Jaeger; else one on the PATH is started, unless OTEL_* variables say where traces go
  --json          the last line of stdout is one JSON object; everything else goes to stderr
  --help          this text
`;

const FLAGS = {
  dir: { type: 'string' },
  config: { type: 'string' },
  demo: { type: 'boolean' },
  jobs: { type: 'string' },
  seed: { type: 'string' },
  events: { type: 'string' },
  'no-jaeger': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Flags that mean nothing without --demo. */
const DEMO_FLAGS = ['jobs', 'seed', 'events'] as const;

/** Thrown for a command line that cannot be understood; exit code 2. */
export class UsageError extends MillraceError {
  constructor(sentence: string) {
    super('malformed', `${sentence} See --help.`);
    this.name = 'UsageError';
  }
}

type Values = Partial<Record<keyof typeof FLAGS, string | boolean>>;

function readFlags(argv: readonly string[]): Values {
  const { tokens } = parseArgs({ args: [...argv], options: FLAGS, strict: false, tokens: true });
  const values: Record<string, string | boolean> = {};
  for (const token of tokens) {
    if (token.kind === 'positional') throw new UsageError(`"${token.value}" is not expected here.`);
    if (token.kind !== 'option') continue;
    const flag = FLAGS[token.name as keyof typeof FLAGS];
    if (!flag) {
      const known = Object.keys(FLAGS).map((name) => `--${name}`);
      throw new UsageError(`Unknown flag ${token.rawName}${didYouMean(token.rawName, known)}.`);
    }
    const missing = token.value === undefined || token.value === '' || token.value.startsWith('--');
    if (flag.type === 'string' && missing) throw new UsageError(`${token.rawName} needs a value.`);
    if (flag.type === 'boolean' && token.inlineValue)
      throw new UsageError(`${token.rawName} takes no value.`);
    values[token.name] = token.value ?? true;
  }
  return values;
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not "${text}".`);
}

/** Reads a command line; `help` when that was asked for. Throws {@link UsageError}. */
export function parseUp(argv: readonly string[], cwd: string): UpOptions | 'help' {
  const values = readFlags(argv);
  if (values.help) return 'help';
  const stray = DEMO_FLAGS.find((name) => values[name] !== undefined && !values.demo);
  if (stray) throw new UsageError(`--${stray} belongs to --demo.`);
  const text = (name: keyof typeof FLAGS) => (values[name] === undefined ? null : String(values[name]));
  const path = (name: keyof typeof FLAGS) => {
    const value = text(name);
    return value === null ? null : resolve(cwd, value);
  };
  const demo = {
    jobs: integer('jobs', text('jobs') ?? '20000', 1, 1_000_000),
    seed: integer('seed', text('seed') ?? '42', 0, 4_294_967_295),
    eventsFile: path('events'),
  };
  return {
    dir: path('dir') ?? resolve(cwd, '.millrace'),
    configFile: path('config'),
    json: values.json === true,
    demo: values.demo === true ? demo : null,
    jaeger: values['no-jaeger'] !== true,
  };
}
