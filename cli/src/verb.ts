import { Command } from 'commander';
import { type Call, createCall, type GlobalOptions, type Host } from './call.ts';

/** What a verb is built with. */
export interface VerbContext {
  readonly host: Host;
  /** Sets the exit code for when the command is over: 1 failed, 2 usage. */
  readonly exitWith: (code: number) => void;
}

/** Builds one verb's command. */
export type Verb = (context: VerbContext) => Command;

/** Wraps the action of a verb: it gets its {@link Call} first, then its arguments, its options last. */
export function action<A extends unknown[]>(
  context: VerbContext,
  run: (call: Call, ...args: A) => Promise<void>,
): (...args: unknown[]) => Promise<void> {
  return (...args) => {
    const command = args.at(-1) as Command;
    const call = createCall(context.host, command.optsWithGlobals<GlobalOptions>(), () =>
      context.exitWith(1),
    );
    return run(call, ...(args.slice(0, -1) as A));
  };
}

/** A command; its manners come from the program it is added to. */
export function verb(name: string, summary: string): Command {
  return new Command(name).description(summary);
}
