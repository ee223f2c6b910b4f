import { isMillraceError, MillraceError, messageOf } from '@millrace/core';
import { type Command, CommanderError } from 'commander';
import { createCall, type Host } from './call.ts';
import { complete } from './commands/completion.ts';
import { problemDocument, renderProblem } from './problem.ts';
import { buildProgram, inheritSettings } from './program.ts';
import { note, printJson } from './terminal.ts';

const FAILED = 1;
const USAGE = 2;
/** Help reads best in the width it was written for, and is the same in the documentation. */
const HELP_WIDTH = 80;

/** What commander says of a wrong command line, without its own "error: " in front. */
function usageError(message: string): MillraceError {
  return new MillraceError('usage', message.replace(/^error: /, '').trim());
}

/** Help and --version end commander with an error that is none. */
function isCourtesy(error: CommanderError): boolean {
  return error.exitCode === 0;
}

function asProblem(error: unknown, said: string): MillraceError {
  if (isMillraceError(error)) return error;
  if (error instanceof CommanderError) return usageError(said || error.message);
  return new MillraceError('internal', `A defect of millrace itself: ${messageOf(error)}`, { cause: error });
}

function tell(host: Host, error: MillraceError, json: boolean): void {
  if (json) printJson(host.terminal, problemDocument(error));
  else note(host.terminal, host.terminal.errorPaint.red(renderProblem(error)));
}

/** Takes commander's words from it: help goes to stdout, complaints are kept to be told as a problem. */
function attach(program: Command, host: Host): { complaint(): string } {
  let complaint = '';
  program.exitOverride().configureOutput({
    writeOut: (text) => host.terminal.output.write(text),
    writeErr: (text) => host.terminal.errors.write(text),
    outputError: (text) => {
      complaint += text;
    },
    getOutHelpWidth: () => HELP_WIDTH,
    getErrHelpWidth: () => HELP_WIDTH,
  });
  inheritSettings(program);
  return { complaint: () => complaint };
}

/** The words after `millrace __complete --` that a completion script asks about. */
async function answerCompletion(host: Host, program: Command, line: readonly string[]): Promise<void> {
  const at = line.indexOf('--url');
  const url = at >= 0 ? line[at + 1] : undefined;
  await complete(
    createCall(host, url === undefined ? {} : { url }, () => undefined),
    program,
    line,
  );
}

/** Runs one command line; resolves to its exit code: 0 ok, 1 failed, 2 usage. Never throws. */
export async function run(argv: readonly string[], host: Host, version: string): Promise<number> {
  let exitCode = 0;
  const context = {
    host,
    exitWith: (code: number) => {
      exitCode = code;
    },
  };
  const program = buildProgram(context, version);
  const commander = attach(program, host);
  try {
    if (argv[0] === '__complete') await answerCompletion(host, program, argv.slice(2));
    else await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && isCourtesy(error)) return 0;
    if (error instanceof CommanderError && error.code === 'commander.help') return USAGE;
    const problem = asProblem(error, commander.complaint());
    tell(host, problem, argv.includes('--json'));
    return problem.code === 'usage' ? USAGE : FAILED;
  }
}
