import type { JobOptions } from '@millrace/core';
import type { Command } from 'commander';
import {
  backoffArgument,
  deadlineArgument,
  durationArgument,
  queueArgument,
  usage,
  wholeNumber,
} from '../arguments.ts';
import type { Call } from '../call.ts';
import { action, type Verb, verb } from '../verb.ts';
import { enqueueFile } from './enqueue-file.ts';
import { enqueueOne } from './enqueue-one.ts';

/** What commander makes of the flags. Durations are ms. */
interface Flags {
  readonly data?: string;
  readonly file?: string;
  readonly key?: string;
  readonly wait?: number;
  readonly priority?: number;
  readonly delay?: number;
  readonly attempts?: number;
  readonly backoff?: NonNullable<JobOptions['backoff']>;
  readonly timeout?: number;
  readonly dedup?: string;
  readonly shardKey?: string;
  readonly deadline?: string;
}

/** Names of the flags as the API's options are called, in the catalogue's order. */
const OPTION_OF_FLAG = {
  priority: 'priority',
  delay: 'delayMs',
  attempts: 'attempts',
  backoff: 'backoff',
  timeout: 'timeoutMs',
  dedup: 'deduplicationId',
  shardKey: 'shardKey',
  deadline: 'deadline',
} as const satisfies Partial<Record<keyof Flags, keyof JobOptions>>;

/** The job's options among the flags; keys that were not given are left out. */
export function jobOptions(flags: Flags): JobOptions {
  const given = Object.entries(OPTION_OF_FLAG).filter(([flag]) => flags[flag as keyof Flags] !== undefined);
  return Object.fromEntries(given.map(([flag, option]) => [option, flags[flag as keyof Flags]]));
}

/** Flags and arguments that say something about one job, and so make no sense for a file of them. */
function refuseBesidesFile(name: string | undefined, flags: Flags): void {
  const others = Object.keys(flags).filter(
    (flag) => flag in OPTION_OF_FLAG || ['data', 'key', 'wait'].includes(flag),
  );
  if (name !== undefined) throw usage('With --file, each line names its own job: leave NAME out.');
  if (others.length > 0) {
    throw usage(`With --file, each line carries its own data and opts: leave --${others[0]} out.`);
  }
}

async function enqueue(
  call: Call,
  queue: string,
  name: string | undefined,
  data: string | undefined,
  flags: Flags,
): Promise<void> {
  if (flags.file !== undefined) {
    refuseBesidesFile(name, flags);
    return enqueueFile(call, queue, flags.file);
  }
  if (name === undefined)
    throw usage('Which job? Write "millrace enqueue QUEUE NAME [DATA]", or give a --file.');
  if (data !== undefined && flags.data !== undefined)
    throw usage('Give the data once: as DATA or with --data.');
  const { key = null, wait = null } = flags;
  return enqueueOne(call, queue, {
    name,
    data: flags.data ?? data ?? null,
    opts: jobOptions(flags),
    key,
    waitMs: wait,
  });
}

const EXAMPLES = `
Examples:
  millrace enqueue workload workload '{"seed":42,"id":1}'
  millrace enqueue images resize --data @photo.json --backoff exponential:1s
  millrace enqueue call call '{"n":100}' --wait 10s
  millrace enqueue workload --file jobs.ndjson
  produce-jobs | millrace enqueue workload --file -

Each line of a file is a job: {"name": …, "data": …, "opts": …}`;

function withJobFlags(command: Command, nowMs: number): Command {
  return command
    .option(
      '-p, --priority <number>',
      '0 first, in order of arrival; then 1, 2, …',
      wholeNumber(0, 2_097_151),
    )
    .option('--delay <duration>', 'start no sooner than this from now', durationArgument)
    .option('--attempts <times>', 'how often it may run, failures included', wholeNumber(1, 100))
    .option('--backoff <type:delay>', 'wait between attempts, like exponential:1s', backoffArgument)
    .option('--timeout <duration>', 'longest run of one attempt', durationArgument)
    .option('--dedup <id>', 'while a job with it waits or runs, this is that job')
    .option('--shard-key <key>', 'jobs of one key stay in order on a sharded queue')
    .option(
      '--deadline <when>',
      'no attempt after it: "2h", or a time with its offset',
      deadlineArgument(nowMs),
    );
}

/** `millrace enqueue QUEUE NAME [DATA]`, `millrace enqueue QUEUE --file FILE` */
export const enqueueVerb: Verb = (context) => {
  const command = verb('enqueue', 'Hand in a job, or a stream of jobs from a file')
    .argument('<queue>', 'name of the queue', queueArgument)
    .argument('[name]', 'name of the job: which handler runs it')
    .argument('[data]', 'its data as JSON; @FILE reads a file, - reads stdin')
    .option('-d, --data <json>', 'the data as an option: JSON, @FILE or -')
    .option(
      '-f, --file <file>',
      'stream jobs from an NDJSON file, or - for stdin, as fast as the bound admits',
    )
    .option('-k, --key <key>', 'idempotency key: a repeat with it adds nothing twice')
    .option('-w, --wait <duration>', 'wait for the result, up to 60s', waitArgument);
  return withJobFlags(command, context.host.clock.nowMs())
    .addHelpText('after', EXAMPLES)
    .action(action(context, enqueue));
};

/** `Prefer: wait` counts in seconds, a bare number too. */
function waitArgument(text: string): number {
  const waitMs = durationArgument(/^\d+$/.test(text) ? `${text}s` : text);
  if (waitMs >= 1 && waitMs <= 60_000) return waitMs;
  throw usage(`--wait takes up to 60s, not "${text}".`);
}
