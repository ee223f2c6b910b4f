import { resolve } from 'node:path';
import { MillraceError } from '@millrace/core';
import type { FaultLine, FaultReport } from '@millrace/local';
import { answer, type Call, type Host } from '../call.ts';
import { canAsk, confirm } from '../confirm.ts';
import { recoveriesSchema } from '../death-answers.ts';
import { renderRecoveries } from '../output/recovery-view.ts';
import { renderTable } from '../output/table.ts';
import { duration } from '../output/units.ts';
import { note } from '../terminal.ts';
import { action, type Verb, type VerbContext, verb } from '../verb.ts';

interface Options {
  readonly dir: string;
}

interface RunOptions extends Options {
  readonly yes?: boolean;
}

function listTable(faults: readonly FaultLine[], call: Call): string {
  const { terminal } = call;
  const columns = [
    { title: 'FAULT', value: ({ name }: FaultLine) => name },
    { title: 'WHAT IT DOES', value: ({ summary }: FaultLine) => summary, shrinkTo: 20 },
    { title: 'HERE', value: ({ unavailable }: FaultLine) => unavailable ?? 'yes', shrinkTo: 3, optional: 1 },
  ];
  return renderTable(columns, faults, terminal);
}

function reportText(report: FaultReport, nowMs: number, call: Call): string {
  const { recoveries } = recoveriesSchema.parse({ recoveries: report.recoveries });
  const took = report.tookMs === null ? [] : [`Over after ${duration(report.tookMs)}.`];
  const deaths =
    recoveries.length === 0
      ? 'No worker was declared dead.'
      : renderRecoveries(recoveries, nowMs, call.terminal);
  const what = report.what === null ? 'Nothing was done.' : `Done: ${report.what}.`;
  return [what, ...took, deaths, ...report.faults.map((fault) => `NOT AS PROMISED: ${fault}.`)].join('\n');
}

/** Kills are asked about; a program that nobody sits at says --yes. */
function asker(call: Call, { yes }: RunOptions): (question: string) => Promise<boolean> {
  if (yes) return async () => true;
  if (canAsk(call)) return (question) => confirm(call, question);
  throw new MillraceError('usage', 'Nobody is here to be asked: say --yes to make the fault all the same.');
}

/** What the functions of @millrace/local are given; only a platform of this machine, found by its folder. */
function surroundings(host: Host, call: Call, { dir }: Options) {
  return { dir: resolve(dir), token: host.env.token, clock: call.clock, signal: call.signal };
}

const FOLDER = ['--dir <dir>', 'folder of the platform, as "millrace up" has it', '.millrace'] as const;

function listVerb(context: VerbContext) {
  return verb('list', 'List the faults, and which of them can be made here')
    .option(...FOLDER)
    .action(
      action(context, async (call, options: Options) => {
        const { listFaults } = await context.host.chaos();
        const faults = await listFaults(surroundings(context.host, call, options));
        answer(call, { faults }, () => listTable(faults, call));
      }),
    );
}

/** A platform that has nothing to do loses nothing, whatever becomes of it. */
const IDLE =
  'No job was seen to run while the fault was made, so this shows little: enqueue some first ("millrace enqueue").';

function runVerb(context: VerbContext) {
  return verb('run', 'Make one fault, and tell what became of it; exit code 1 if not all was as promised')
    .argument('<fault>', 'its name, as "chaos list" tells it')
    .option('-y, --yes', 'do not ask')
    .option(...FOLDER)
    .action(
      action(context, async (call, fault: string, options: RunOptions) => {
        const { makeFault } = await context.host.chaos();
        const run = { ...surroundings(context.host, call, options), confirm: asker(call, options) };
        const report = await makeFault(fault, run);
        answer(call, report, () => reportText(report, call.clock.nowMs(), call));
        if (!report.sawJobs) note(call.terminal, IDLE);
        if (report.faults.length > 0) call.fail();
      }),
    );
}

/** `millrace chaos list|run` */
export const chaosVerb: Verb = (context) =>
  verb('chaos', 'Do harm to your own platform on this machine, and see it recover')
    .addCommand(listVerb(context))
    .addCommand(runVerb(context));
