import type { Argument, Command, Option } from 'commander';

/** Where the words for a value come from: a fixed list, the file system, the server, or nowhere. */
export type ValueSource = readonly string[] | 'files' | ServerSource;

/** What only the server knows; `letters` are those of the queue before them. */
export type ServerSource = 'queues' | 'workers' | 'pools' | 'letters';

/** A flag that can be completed. */
export interface FlagWords {
  /** `--state`, `-s`. */
  readonly names: readonly string[];
  readonly description: string;
  /** Null when no value follows. */
  readonly value: ValueSource | null;
}

/** What can follow a verb. */
export interface VerbWords {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly FlagWords[];
  readonly arguments: readonly ValueSource[];
  /** The last argument may be repeated. */
  readonly isVariadic: boolean;
  /** Verbs below this one. */
  readonly verbs: readonly VerbWords[];
}

/** All words of a program. */
export interface ProgramWords {
  readonly verbs: readonly VerbWords[];
  /** Flags that every verb takes. */
  readonly flags: readonly FlagWords[];
}

/** Arguments and values are completed by what they are called in the help. */
const SOURCES: Readonly<Record<string, ValueSource>> = {
  queue: 'queues',
  worker: 'workers',
  pool: 'pools',
  letter: 'letters',
  letters: 'letters',
  file: 'files',
  dir: 'files',
};

function valueSource(option: Option): ValueSource | null {
  if (!option.required && !option.optional) return null;
  const placeholder = /[<[]([^\]>]+)[\]>]/.exec(option.flags)?.[1] ?? '';
  return option.argChoices ?? SOURCES[placeholder] ?? [];
}

function flagWords(option: Option): FlagWords {
  const names = [option.long, option.short].filter((name) => name !== undefined && name !== null);
  return { names, description: option.description, value: valueSource(option) };
}

function argumentWords(argument: Argument): ValueSource {
  return argument.argChoices ?? SOURCES[argument.name()] ?? [];
}

function verbWords(command: Command): VerbWords {
  return {
    name: command.name(),
    description: command.description(),
    flags: command.options.map(flagWords),
    arguments: command.registeredArguments.map(argumentWords),
    isVariadic: command.registeredArguments.at(-1)?.variadic ?? false,
    verbs: command.createHelp().visibleCommands(command).map(verbWords),
  };
}

const HELP: FlagWords = { names: ['--help', '-h'], description: 'show how it is used', value: null };

/** Reads verbs, flags and choices off the program itself, so that completion cannot fall behind it. */
export function programWords(program: Command): ProgramWords {
  return {
    flags: [...program.options.map(flagWords), HELP],
    verbs: program.createHelp().visibleCommands(program).map(verbWords),
  };
}
