import { text as wholeText } from 'node:stream/consumers';
import { ROLES, type Role } from '@millrace/core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { deadlineArgument, usage } from '../arguments.ts';
import { answer, type Call } from '../call.ts';
import { note } from '../terminal.ts';
import { newToken, tokenLine } from '../token-line.ts';
import { action, type Verb, verb } from '../verb.ts';

interface Options {
  readonly role: Role;
  readonly id?: string;
  readonly expires?: string;
}

/** A shorter one could be guessed; ours have 46 characters. */
const LEAST_CHARACTERS = 16;

function idArgument(text: string): string {
  if (/^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/.test(text)) return text;
  throw new InvalidArgumentError('an id is 1 to 128 printable ASCII characters');
}

const lineOf = (token: string, { role, id = role, expires }: Options) =>
  tokenLine(token, { id, role, ...(expires !== undefined && { expires }) });

async function create(call: Call, options: Options): Promise<void> {
  const token = newToken();
  const line = lineOf(token, options);
  answer(call, { token, line }, () => `${token}\n${JSON.stringify(line)}`);
  if (!call.json)
    note(
      call.terminal,
      'The token (first line) is shown this once. The second line goes into the file of MILLRACE_TOKENS_FILE.',
    );
}

async function hash(call: Call, options: Options): Promise<void> {
  const token = (await wholeText(call.terminal.input)).trim();
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw usage('write one token to stdin: printable ASCII characters without blanks');
  }
  if (token.length < LEAST_CHARACTERS) {
    throw usage(`a token of ${token.length} characters can be guessed: take ${LEAST_CHARACTERS} or more`);
  }
  const line = lineOf(token, options);
  answer(call, line, () => JSON.stringify(line));
}

function tokenVerb(name: string, summary: string, nowMs: () => number): Command {
  return verb(name, summary)
    .addOption(new Option('-r, --role <role>', 'what its holder may do').choices(ROLES).makeOptionMandatory())
    .option('-i, --id <id>', 'who it is for, as the audit log says it (default: the role)', idArgument)
    .option('-e, --expires <when>', 'after so long ("90d"), or at a date and time', (text) =>
      deadlineArgument(nowMs())(text),
    );
}

/** `millrace token new`, `millrace token hash` */
export const tokenVerbs: Verb = (context) => {
  const nowMs = () => context.host.clock.nowMs();
  return verb('token', 'Make bearer tokens, and the lines by which a server knows them')
    .addCommand(
      tokenVerb('new', 'Make a token and its line for the tokens file', nowMs).action(
        action(context, create),
      ),
    )
    .addCommand(
      tokenVerb('hash', 'Make the line of a token that is read from stdin', nowMs).action(
        action(context, hash),
      ),
    );
};
