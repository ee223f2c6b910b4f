import { open, writeFile } from 'node:fs/promises';
import { messageOf } from '@millrace/core';
import {
  compareRuns,
  DEFAULT_SETTINGS,
  fetchAnswer,
  gatherReports,
  type RunReport,
  renderPage,
  type Sources,
} from '@millrace/measure';
import { InvalidArgumentError, Option } from 'commander';
import { durationArgument, usage } from '../arguments.ts';
import { answer, type Call } from '../call.ts';
import { renderComparison } from '../output/comparison-view.ts';
import { renderReport } from '../output/report-view.ts';
import { note } from '../terminal.ts';
import { action, type Verb, verb } from '../verb.ts';

const DEFAULT_JAEGER = 'http://127.0.0.1:16686';
const DEFAULT_SINCE = '1h';
/** A slice of traces that takes longer than this does not come. */
const JAEGER_ANSWER_MS = 60_000;

interface Options {
  readonly jaeger?: URL;
  readonly run?: string;
  readonly since: number;
  readonly band: number;
  readonly hold: number;
  readonly window: number;
  readonly html?: string;
}

function shareArgument(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share > 0 && share <= 1) return share;
  throw new InvalidArgumentError(`"${text}" is not a share: write a number above 0, up to 1`);
}

/** Windows of no length would never end. */
function windowArgument(text: string): number {
  const ms = durationArgument(text);
  if (ms > 0) return ms;
  throw new InvalidArgumentError(`"${text}" is too short: windows take 1ms or more`);
}

function urlArgument(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new InvalidArgumentError(`"${text}" is not an address: write one like ${DEFAULT_JAEGER}`);
}

async function fileSource(name: string): Promise<Sources['files'][number]> {
  try {
    const handle = await open(name);
    if ((await handle.stat()).isDirectory()) throw new Error('it is a directory');
    return { name, chunks: handle.createReadStream() };
  } catch (error) {
    throw usage(`"${name}" cannot be read: ${messageOf(error)}`);
  }
}

function jaegerSource(call: Call, { jaeger, since }: Options): NonNullable<Sources['jaeger']> {
  const nowUs = call.clock.epochUs();
  return {
    url: jaeger ?? new URL(DEFAULT_JAEGER),
    get: (url) => fetchAnswer(url, AbortSignal.any([call.signal, AbortSignal.timeout(JAEGER_ANSWER_MS)])),
    fromUs: nowUs - since * 1_000,
    untilUs: nowUs,
  };
}

async function writePage(call: Call, reports: readonly RunReport[], file: string): Promise<void> {
  const page = await renderPage(reports);
  try {
    await writeFile(file, page);
  } catch (error) {
    throw usage(`"${file}" cannot be written: ${messageOf(error)}`);
  }
  note(call.terminal, `The page is ${file}.`);
}

async function report(call: Call, files: readonly string[], options: Options): Promise<void> {
  const settings = { band: options.band, holdMs: options.hold, windowMs: options.window };
  const wantsJaeger = options.jaeger !== undefined || files.length === 0;
  const sources: Sources = {
    files: await Promise.all(files.map(fileSource)),
    jaeger: wantsJaeger ? jaegerSource(call, options) : null,
    runId: options.run ?? null,
  };
  const reports = await gatherReports(sources, settings);
  // Jaeger's silence is only a warning beside a file; an interrupt is not.
  call.signal.throwIfAborted();
  if (options.html !== undefined) await writePage(call, reports, options.html);
  const comparison = reports.length > 1 ? compareRuns(reports) : null;
  answer(call, { runs: reports, comparison }, () =>
    [
      ...reports.map((one) => renderReport(one, call.terminal)),
      ...(comparison === null ? [] : [renderComparison(comparison, call.terminal)]),
    ].join('\n\n'),
  );
}

/** `millrace report` */
export const reportVerb: Verb = (context) => {
  const { band, holdMs, windowMs } = DEFAULT_SETTINGS;
  return verb('report', 'Tell how a run went: speed, latency, recoveries, and what is wrong with it')
    .argument('[file...]', 'events files (JSON lines) and OTLP-JSON files of runs')
    .option('--jaeger <url>', `read traces from it (without files: ${DEFAULT_JAEGER})`, urlArgument)
    .option('--run <id>', 'only this run of those that the sources hold')
    .addOption(
      new Option('--since <duration>', 'how far to look back for traces')
        .argParser(durationArgument)
        .default(durationArgument(DEFAULT_SINCE), DEFAULT_SINCE),
    )
    .option(
      '--band <share>',
      'share of the rate before a death that counts as recovered',
      shareArgument,
      band,
    )
    .addOption(
      new Option('--hold <duration>', 'for how long it must hold')
        .argParser(durationArgument)
        .default(holdMs, `${holdMs}ms`),
    )
    .addOption(
      new Option('--window <duration>', 'windows in which the rate is looked at')
        .argParser(windowArgument)
        .default(windowMs, `${windowMs}ms`),
    )
    .option('--html <file>', 'write it as one page with plots too')
    .action(action(context, report));
};
