import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type MillraceError, messageOf } from '@millrace/core';
import type { LineResult } from '../answers.ts';
import { usage } from '../arguments.ts';
import type { Call } from '../call.ts';
import { path } from '../http-client.ts';
import { type UploadEnd, uploadNdjson } from '../ndjson-upload.ts';
import { renderSummary } from '../output/progress.ts';
import { printable } from '../output/text-width.ts';
import { plural } from '../output/units.ts';
import { problemDocument } from '../problem.ts';
import { withQueueAdvice } from '../queue-advice.ts';
import { note, print } from '../terminal.ts';
import { startMeter } from '../upload-meter.ts';
import { createTally, type Tally } from '../upload-tally.ts';

/** Refused lines told one by one; the rest is in the summary, and all of them in --json. */
const TOLD_MAX = 20;

interface Source {
  readonly input: Readable;
  /** Size in bytes; null where it has no end that could be known. */
  readonly size: number | null;
}

async function openSource(call: Call, file: string): Promise<Source> {
  if (file === '-') {
    const { input, isInteractive } = call.terminal;
    if (isInteractive.input) note(call.terminal, 'Reading one job a line; end with Ctrl-D.');
    return { input, size: null };
  }
  try {
    const handle = await open(file);
    const stats = await handle.stat();
    if (stats.isDirectory()) throw new Error('it is a directory');
    return { input: handle.createReadStream(), size: stats.isFile() ? stats.size : null };
  } catch (error) {
    throw usage(`"${file}" cannot be read: ${messageOf(error)}`);
  }
}

function describeRefusal(result: LineResult): string {
  const faults = (result.faults ?? []).map(({ pointer, message }) => `${pointer || '/'} ${message}`);
  const reason = [result.code, result.detail, ...faults].filter((part) => part !== undefined).join(': ');
  return `line ${result.line}: ${printable(reason || `status ${result.status}`)}`;
}

/** A person reads the refused lines, a program every result. */
function createTeller(call: Call, tally: Tally, say: (text: string) => void) {
  let told = 0;
  return async (result: LineResult) => {
    tally.add(result);
    if (call.json) {
      const { output } = call.terminal;
      if (!output.write(`${JSON.stringify(result)}\n`)) await once(output, 'drain');
    } else if (result.status > 299) {
      told++;
      if (told <= TOLD_MAX) say(describeRefusal(result));
      if (told === TOLD_MAX) say('… further refused lines are only counted; --json tells them all.');
    }
  };
}

/** What is known of which lines, when not all were answered. */
function describeEnd(end: UploadEnd): string | null {
  if (end.fault === null) return null;
  const { linesSent, knownThrough } = end;
  const known =
    knownThrough > 0 ? `The results up to line ${knownThrough} are known.` : 'No result is known.';
  const unknown =
    linesSent > knownThrough
      ? ` Lines ${knownThrough + 1} to ${linesSent} were sent and may be accepted: look before you send them again.`
      : ` Nothing after it was sent: "tail -n +${knownThrough + 1}" gives the rest.`;
  return `${end.fault.message} ${known}${unknown}`;
}

function report(call: Call, tally: Tally, end: UploadEnd): void {
  const { accepted, refused, badLines, elapsedMs } = tally.progress();
  if (end.fault !== null || refused + badLines > 0) call.fail();
  if (call.json) {
    const { linesSent, knownThrough, fault } = end;
    const counts = { accepted, refused, badLines, linesSent, knownThrough, elapsedMs: Math.round(elapsedMs) };
    const summary = {
      ...counts,
      codes: tally.codes(),
      error: fault === null ? null : problemDocument(fault),
    };
    print(call.terminal, JSON.stringify({ summary }));
  } else reportInWords(call, tally, end);
}

function reportInWords(call: Call, tally: Tally, end: UploadEnd): void {
  print(call.terminal, renderSummary(tally.progress()));
  const codes = Object.entries(tally.codes()).map(([code, lines]) => `${plural(lines, 'line')} ${code}`);
  if (codes.length > 0) note(call.terminal, `Refused: ${codes.join(', ')}.`);
  const broken = describeEnd(end);
  if (broken !== null) note(call.terminal, `millrace: ${printable(broken)}`);
}

/** True when the server took no line: then its problem is the whole answer. */
function tookNothing(end: UploadEnd): end is UploadEnd & { fault: MillraceError } {
  const { fault, knownThrough, linesSent } = end;
  return fault !== null && knownThrough === 0 && (linesSent === 0 || fault.details.status !== undefined);
}

/** Streams a file of jobs into the queue, as fast as its bound admits, and tells what became of each line. */
export async function enqueueFile(call: Call, queue: string, file: string): Promise<void> {
  const source = await openSource(call, file);
  const tally = createTally(call.clock, source.size);
  const meter = startMeter(call, tally);
  const onStop = () => meter.say('Stopping: waiting for the results of what was sent; Ctrl-C again leaves.');
  call.signal.addEventListener('abort', onStop, { once: true });
  const end = await uploadNdjson(call.http, {
    clock: call.clock,
    route: path('queues', queue, 'jobs'),
    input: source.input,
    stop: call.signal,
    abandon: call.abandon,
    onSent: tally.sent,
    onResult: createTeller(call, tally, meter.say),
  }).finally(() => meter.stop());
  if (tookNothing(end)) return withQueueAdvice(call, queue, Promise.reject(end.fault));
  report(call, tally, end);
}
