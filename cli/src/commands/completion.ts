import { Argument, type Command } from 'commander';
import { poolsSchema, queuesSchema } from '../answers.ts';
import type { Call } from '../call.ts';
import { type Candidate, type Offer, offer } from '../completion/candidates.ts';
import { programWords } from '../completion/command-words.ts';
import { COMPLETION_SCRIPTS, type Shell } from '../completion/scripts.ts';
import { path } from '../http-client.ts';
import { readPage } from '../letters.ts';
import { printable } from '../output/text-width.ts';
import { print } from '../terminal.ts';
import { action, type Verb, verb } from '../verb.ts';
import { readWorkers } from './workers.ts';

/** A person waits for the Tab key: a server that is slower than this is not asked again. */
const SERVER_LIMIT_MS = 400;
/** Dead letters offered: the newest. */
const LETTERS = 20;

const SETUP = `
Load it in the shell's start file:
  bash   source <(millrace completion bash)
  zsh    source <(millrace completion zsh)
  fish   millrace completion fish | source`;

type Asked = Exclude<Offer, { kind: 'files' | 'words' }>;

async function askServer(call: Call, asked: Asked): Promise<Candidate[]> {
  switch (asked.kind) {
    case 'workers':
      return (await readWorkers(call)).map(({ id, state, pod }) => ({
        word: id,
        description: `${state}, in ${pod}`,
      }));
    case 'pools': {
      const { body } = await call.http.exchange(path('pools'), poolsSchema);
      return body.pools.map(({ name, state }) => ({ word: name, description: state }));
    }
    case 'letters': {
      const { body } = await readPage(call, asked.queue, LETTERS);
      return body.letters.map(({ id, reason, name }) => ({ word: id, description: `${reason}, ${name}` }));
    }
    case 'queues': {
      const { body } = await call.http.exchange(path('queues'), queuesSchema);
      return body.queues.map(({ name, depth }) => ({ word: name, description: `${depth} waiting` }));
    }
    default:
      return asked satisfies never;
  }
}

/** Words for an offer; none, soon, when the server does not answer: a Tab never shows an error. */
async function candidates(
  call: Call,
  offered: Exclude<Offer, { kind: 'files' }>,
): Promise<readonly Candidate[]> {
  if (offered.kind === 'words') return offered.words;
  const limit = call.clock.sleep(SERVER_LIMIT_MS, call.signal).then(() => []);
  return Promise.race([askServer(call, offered), limit]).catch(() => []);
}

/** `millrace completion SHELL` */
export const completionVerb: Verb = (context) =>
  verb('completion', 'Print a script that completes verbs, flags and queue names in a shell')
    .addArgument(new Argument('<shell>', 'the shell to complete in').choices(Object.keys(COMPLETION_SCRIPTS)))
    .addHelpText('after', SETUP)
    .action(
      action(context, async (call, shell: Shell) => {
        call.terminal.output.write(COMPLETION_SCRIPTS[shell]);
      }),
    );

/**
 * Answers a completion script: `line` is what stands after "millrace", its last word the one being typed. Words
 * go to stdout, one a line with its meaning after a tab; ":files" leaves it to the shell.
 */
export async function complete(call: Call, program: Command, line: readonly string[]): Promise<void> {
  const offered = offer(programWords(program), line);
  if (offered.kind === 'files') return print(call.terminal, ':files');
  const current = line.at(-1) ?? '';
  const fitting = (await candidates(call, offered)).filter(({ word }) => word.startsWith(current));
  for (const { word, description } of fitting) print(call.terminal, `${word}\t${printable(description)}`);
}
