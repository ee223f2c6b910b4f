import { parseArgs } from 'node:util';
import { didYouMean, MillraceError } from '@millrace/core';
import { PROFILES, type ProfileName } from '../lib/profiles.ts';

/** What `npm run loadtest` was asked for. */
export type LoadtestCommand =
  | { readonly kind: 'help' }
  | {
      readonly kind: 'run';
      readonly test: ProfileName;
      /** Settings of the run, as the variables that the scripts read. */
      readonly environment: Readonly<Record<string, string>>;
      /** k6's program, when it is named; null: the one on the PATH. */
      readonly k6: string | null;
      /** Further words for k6, those behind a second `--`. */
      readonly rest: readonly string[];
    }
  | {
      readonly kind: 'archive';
      readonly test: ProfileName;
      readonly environment: Readonly<Record<string, string>>;
      readonly file: string;
      readonly k6: string | null;
      readonly rest: readonly string[];
    }
  | {
      readonly kind: 'manifest';
      readonly test: ProfileName;
      readonly as: 'job' | 'testrun';
      readonly environment: Readonly<Record<string, string>>;
      readonly image: string;
      /** Helm release whose producer is loaded, and whose Secret holds the token. */
      readonly release: string;
      /** Replaces the release's own Secret of tokens; its keys are the roles. */
      readonly secret: string | null;
      readonly parallelism: number;
    }
  | { readonly kind: 'page'; readonly file: string };

/** Settings of a run: flag, variable. */
const SETTINGS = {
  url: 'MILLRACE_URL',
  rate: 'MILLRACE_LOAD_RATE',
  duration: 'MILLRACE_LOAD_DURATION',
  drain: 'MILLRACE_LOAD_DRAIN',
  sleep: 'MILLRACE_LOAD_SLEEP',
  payload: 'MILLRACE_LOAD_PAYLOAD',
  keys: 'MILLRACE_LOAD_KEYS',
  'kill-every': 'MILLRACE_LOAD_KILL_EVERY',
  'accept-p95': 'MILLRACE_LOAD_ACCEPT_P95',
  'wait-p95': 'MILLRACE_LOAD_WAIT_P95',
} as const;
const OWN = {
  run: ['out', 'k6'],
  archive: ['archive', 'k6'],
  manifest: ['as', 'image', 'release', 'secret', 'parallelism'],
  page: [],
} as const;
const FLAGS: readonly string[] = [...Object.keys(SETTINGS), ...Object.values(OWN).flat(), 'help'];

export const DEFAULT_IMAGE = 'grafana/k6:1.8.1';

export const HELP = `Usage: npm run loadtest -- <test> [flags] [-- words for k6]
       npm run --silent loadtest -- manifest <test> [flags]     (prints what kubectl apply takes)
       npm run --silent loadtest -- page <file>                 (makes the HTML page from the log of a Job)

Runs k6 against MILLRACE_URL (default http://127.0.0.1:8080) with MILLRACE_TOKEN, and follows every job to its end.

Tests:
${Object.entries(PROFILES)
  .map(([name, { describe }]) => `  ${name.padEnd(12)}${describe}`)
  .join('\n')}

  --url URL          the producer's API; wins over MILLRACE_URL
  --rate N           jobs a second, all scenarios together
  --duration T       how long the load lasts, like 40s or 10m
  --drain T          how long accepted jobs may take to end after it (default 60s)
  --sleep MS         what a job sleeps: 20, or a range like 1-20 (the default)
  --payload BYTES    filler in each job (default 128)
  --keys on|off      adds carry an Idempotency-Key and are repeated until they are answered (default: chaos alone)
  --kill-every T     a worker process is killed this often (default: chaos alone, 15s; 0s: never)
  --accept-p95 T     limit of the accept (default 1s)
  --wait-p95 T       limit of the wait, where the test is a calm one (default 2s)
  --out DIR          folder for the HTML page, JSON and JUnit (default .millrace/loadtests)
  --archive FILE     run nothing, write what "k6 run FILE" runs wherever k6 is, with these settings
  --k6 FILE          k6's program (default: k6 on the PATH)

Of a manifest:
  --as job|testrun   a plain Job, or a TestRun of the k6-operator (default job)
  --image NAME       (default ${DEFAULT_IMAGE})
  --release NAME     Helm release that is loaded (default millrace)
  --secret NAME      Secret with a token for each role (default: the release's own)
  --parallelism N    runners of a TestRun (default 1)

Exit codes: 0 passed, 99 a threshold was crossed (k6's own), 2 wrong usage; others are k6's.
`;

/** Thrown for a command line that cannot be understood; exit code 2. */
export class LoadtestUsage extends MillraceError {
  constructor(sentence: string) {
    super('usage', sentence);
    this.name = 'LoadtestUsage';
  }
}

interface Words {
  readonly values: Readonly<Record<string, string>>;
  readonly names: readonly string[];
}

function readWords(argv: readonly string[]): Words {
  const options = Object.fromEntries(
    FLAGS.map((flag) => [flag, { type: flag === 'help' ? ('boolean' as const) : ('string' as const) }]),
  );
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
  const values: Record<string, string> = {};
  const names: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') names.push(token.value);
    if (token.kind !== 'option') continue;
    const name = token.name === 'h' ? 'help' : token.name;
    if (!FLAGS.includes(name)) {
      const known = FLAGS.map((flag) => `--${flag}`);
      throw new LoadtestUsage(`Unknown flag ${token.rawName}${didYouMean(token.rawName, known)}.`);
    }
    if (name !== 'help' && !token.value) throw new LoadtestUsage(`${token.rawName} needs a value.`);
    values[name] = token.value ?? '';
  }
  return { values, names };
}

function testOf(word: string | undefined): ProfileName {
  if (word === undefined) throw new LoadtestUsage('Which load test? Name one.');
  const known = Object.keys(PROFILES);
  if (known.includes(word)) return word as ProfileName;
  const words = [...known, 'manifest', 'page'];
  throw new LoadtestUsage(`There is no load test "${word}"${didYouMean(word, words)}.`);
}

function environmentOf(values: Words['values']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(SETTINGS).flatMap(([flag, variable]) => {
      const value = values[flag];
      return value === undefined ? [] : [[variable, value]];
    }),
  );
}

/** A flag of another command is a mistake, not something to pass over. */
function assertOwn(kind: keyof typeof OWN, values: Words['values']): void {
  const own: readonly string[] = kind === 'page' ? [] : [...Object.keys(SETTINGS), ...OWN[kind]];
  const stray = Object.keys(values).find((flag) => !own.includes(flag));
  if (stray) throw new LoadtestUsage(`--${stray} does not belong to "${kind}".`);
}

function assertOnly(names: readonly string[], most: number): void {
  const stray = names[most];
  if (stray !== undefined) throw new LoadtestUsage(`"${stray}" is not expected here.`);
}

function manifestOf({ values, names }: Words): LoadtestCommand {
  assertOwn('manifest', values);
  assertOnly(names, 2);
  const as = values.as ?? 'job';
  if (as !== 'job' && as !== 'testrun') {
    throw new LoadtestUsage(`--as must be job or testrun, not "${as}"${didYouMean(as, ['job', 'testrun'])}.`);
  }
  const parallelism = Number(values.parallelism ?? 1);
  if (!Number.isInteger(parallelism) || parallelism < 1 || parallelism > 100) {
    throw new LoadtestUsage(
      `--parallelism must be a whole number from 1 to 100, not "${values.parallelism}".`,
    );
  }
  if (as === 'job' && parallelism > 1) throw new LoadtestUsage('--parallelism belongs to --as testrun.');
  return {
    kind: 'manifest',
    test: testOf(names[1]),
    as,
    environment: environmentOf(values),
    image: values.image ?? DEFAULT_IMAGE,
    release: values.release ?? 'millrace',
    secret: values.secret ?? null,
    parallelism,
  };
}

/** Reads a command line. Throws {@link LoadtestUsage}. */
export function parseLoadtest(argv: readonly string[]): LoadtestCommand {
  const end = argv.indexOf('--');
  const words = readWords(end < 0 ? argv : argv.slice(0, end));
  const { values, names } = words;
  if (values.help !== undefined) return { kind: 'help' };
  if (names[0] === 'manifest') return manifestOf(words);
  if (names[0] === 'page') {
    assertOwn('page', values);
    assertOnly(names, 2);
    if (names[1] === undefined)
      throw new LoadtestUsage('Which log? Name a file, or - for the standard input.');
    return { kind: 'page', file: names[1] };
  }
  const test = testOf(names[0]);
  assertOwn(values.archive === undefined ? 'run' : 'archive', values);
  assertOnly(names, 1);
  const environment = environmentOf(values);
  const said = { test, k6: values.k6 ?? null, rest: end < 0 ? [] : argv.slice(end + 1) };
  if (values.archive !== undefined) return { kind: 'archive', ...said, environment, file: values.archive };
  const out = { MILLRACE_LOAD_OUT: values.out ?? '.millrace/loadtests' };
  return { kind: 'run', ...said, environment: { ...environment, ...out } };
}
