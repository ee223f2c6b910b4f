import { open } from 'node:fs/promises';
import { messageOf } from '@millrace/core';
import {
  DEFAULT_SETTINGS,
  type RunReport,
  readEvents,
  reportOn,
  type SummarySettings,
} from '@millrace/measure';
import { InvalidArgumentError } from 'commander';
import { durationArgument, usage } from '../arguments.ts';
import { answer, type Call } from '../call.ts';
import { renderReport } from '../output/report-view.ts';
import { action, type Verb, verb } from '../verb.ts';

interface Options {
  readonly band: number;
  readonly hold: number;
  readonly window: number;
}

function shareArgument(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share > 0 && share <= 1) return share;
  throw new InvalidArgumentError(`"${text}" is not a share: write a number above 0, up to 1`);
}

async function reportFile(file: string, settings: SummarySettings): Promise<RunReport> {
  const handle = await open(file).catch((error) => {
    throw usage(`"${file}" cannot be read: ${messageOf(error)}`);
  });
  return reportOn(await readEvents(handle.createReadStream(), file, settings.windowMs), settings);
}

async function report(call: Call, files: readonly string[], options: Options): Promise<void> {
  if (files.length === 0) throw usage('name at least one events file');
  const settings = { band: options.band, holdMs: options.hold, windowMs: options.window };
  const reports: RunReport[] = [];
  for (const file of files) reports.push(await reportFile(file, settings));
  answer(call, { runs: reports }, () => reports.map((one) => renderReport(one, call.terminal)).join('\n\n'));
}

/** `millrace report` */
export const reportVerb: Verb = (context) => {
  const { band, holdMs, windowMs } = DEFAULT_SETTINGS;
  return verb('report', 'Tell how a run went: speed, latency, recoveries, and what is wrong with it')
    .argument('[file...]', 'events files (JSON lines) of runs')
    .option(
      '--band <share>',
      'share of the rate before a death that counts as recovered',
      shareArgument,
      band,
    )
    .option('--hold <duration>', 'for how long it must hold', durationArgument, holdMs)
    .option('--window <duration>', 'windows in which the rate is looked at', durationArgument, windowMs)
    .action(action(context, report));
};
