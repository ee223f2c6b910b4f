import { action, type Verb, verb } from '../verb.ts';

/** Flags of `up`, passed on as they are: @millrace/local checks and explains them. */
const FLAGS: readonly (readonly [flags: string, description: string])[] = [
  ['--dir <dir>', 'folder for the store’s files, logs and keys (default: ./.millrace)'],
  ['--config <file>', 'configuration, YAML (default: the file that MILLRACE_CONFIG names, if any)'],
  ['--demo', 'run 20,000 jobs, kill workers on the way, check the ledger, and stop'],
  ['--jobs <n>', 'with --demo: as many jobs instead'],
  ['--seed <n>', 'with --demo: another seed of the deterministic workload'],
  ['--events <file>', 'with --demo: write every event of the run as JSON lines'],
  ['--no-jaeger', 'start no Jaeger; else one on the PATH is, unless OTEL_* say where traces go'],
];

/** The command line again, from what commander read of it. */
export function upArguments(options: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    // Of a flag `--no-x`, commander makes an option `x` that is true where the flag is not.
    if (FLAGS.some(([flags]) => flags === `--no-${name}`)) return value ? [] : [`--no-${name}`];
    return value === true ? [`--${name}`] : [`--${name}`, String(value)];
  });
}

/** `millrace up` */
export const upVerb: Verb = (context) => {
  const command = verb('up', 'Run the whole platform on this machine; Ctrl-C drains and stops it');
  for (const [flags, description] of FLAGS) command.option(flags, description);
  return command.action(
    action(context, async (call, options: Record<string, unknown>) => {
      const json = call.json ? ['--json'] : [];
      const code = await context.host.up([...upArguments(options), ...json]);
      if (code !== 0) context.exitWith(code);
    }),
  );
};
