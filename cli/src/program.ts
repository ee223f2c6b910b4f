import { Command } from 'commander';
import { DEFAULT_URL } from './call.ts';
import { chaosVerb } from './commands/chaos.ts';
import { completionVerb } from './commands/completion.ts';
import { dlqVerb } from './commands/dlq.ts';
import { enqueueVerb } from './commands/enqueue.ts';
import { jobVerb, promoteVerb, retryVerb } from './commands/job.ts';
import { jobsVerb } from './commands/jobs.ts';
import { drainVerb, killVerb } from './commands/orders.ts';
import { poolsVerb } from './commands/pools.ts';
import { boundVerb, pauseVerb, resumeVerb } from './commands/queue-settings.ts';
import { queuesVerb } from './commands/queues.ts';
import { recoveriesVerb } from './commands/recoveries.ts';
import { reportVerb } from './commands/report.ts';
import { statusVerb } from './commands/status.ts';
import { tokenVerbs } from './commands/token.ts';
import { treeVerb } from './commands/tree.ts';
import { upVerb } from './commands/up.ts';
import { workersVerb } from './commands/workers.ts';
import type { Verb, VerbContext } from './verb.ts';

/** The verbs as the help groups them. */
const GROUPS: readonly (readonly [heading: string, verbs: readonly Verb[]])[] = [
  ['The platform:', [upVerb, statusVerb, chaosVerb, tokenVerbs]],
  ['Jobs:', [enqueueVerb, jobVerb, jobsVerb, retryVerb, promoteVerb, dlqVerb]],
  ['Queues:', [queuesVerb, pauseVerb, resumeVerb, boundVerb]],
  ['Workers:', [workersVerb, treeVerb, poolsVerb, drainVerb, killVerb, recoveriesVerb]],
  ['Measurement:', [reportVerb]],
  ['The shell:', [completionVerb]],
];

const ENVIRONMENT = `
Environment:
  MILLRACE_URL    the server (default: ${DEFAULT_URL})
  MILLRACE_TOKEN  bearer token, where the server wants one
  NO_COLOR        set to anything: no colours

Exit codes: 0 ok, 1 failed, 2 usage`;

/** Verbs of verbs have long names and arguments: what is left of the line is used, however narrow. */
const BELOW = { minWidthToWrap: 30 };

/** Hands a command's manners down to all verbs below it; a verb of verbs needs no `help` of its own. */
export function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent).helpCommand(false);
    if (command.commands.length > 0) command.configureHelp({ ...command.configureHelp(), ...BELOW });
    inheritSettings(command);
  }
}

/** The whole command line; `version` is what --version prints. */
export function buildProgram(context: VerbContext, version: string): Command {
  const program = new Command('millrace')
    .description('Hand jobs to Millrace, and see and steer its queues and workers')
    .usage('<verb> [options]')
    .version(version, '-V, --version', 'print the version')
    .option('--json', 'answer with JSON on stdout, errors too')
    .option('--url <url>', 'the server, instead of MILLRACE_URL')
    .helpOption('-h, --help', 'show how it is used')
    .commandsGroup('The shell:')
    .helpCommand('help [verb]', 'show how a verb is used')
    .allowExcessArguments(false)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', ENVIRONMENT);
  for (const [heading, verbs] of GROUPS) {
    for (const build of verbs) program.addCommand(build(context).helpGroup(heading));
  }
  inheritSettings(program);
  return program;
}
