import type { KillAnswer, LetterAnswer } from '../death-answers.ts';
import type { Paint } from './colour.ts';
import { endText, lastLines, memoryTexts, traceFacts } from './death-facts.ts';
import { renderFacts } from './queue-view.ts';
import { type Column, renderTable } from './table.ts';
import { printable, truncate } from './text-width.ts';
import { shortStart } from './tree.ts';
import { age, count, duration, plural } from './units.ts';

interface Layout {
  readonly width: number;
  readonly paint: Paint;
}

/** Co-runners told by name. */
const RUNNERS_SHOWN = 3;

const REASONS: Readonly<Record<string, string>> = {
  attempts: 'no attempt was left',
  final: 'the handler said that trying again is of no use',
};

function columns(nowMs: number, withQueue: boolean, paint: Paint): readonly Column<LetterAnswer>[] {
  return [
    { title: 'ID', value: (letter) => letter.id, shrinkTo: 8, colour: paint.bold },
    ...(withQueue ? [{ title: 'QUEUE', value: (letter: LetterAnswer) => letter.queue, shrinkTo: 8 }] : []),
    { title: 'NAME', value: (letter) => letter.name, shrinkTo: 8 },
    {
      title: 'REASON',
      value: (letter) => letter.reason,
      colour: (cell, letter) => (letter.reason === 'poison' ? paint.red(cell) : cell),
    },
    { title: 'KILLS', value: (letter) => String(letter.kills.length), align: 'right' },
    { title: 'TRIES', value: (letter) => String(letter.attemptsMade), align: 'right', optional: 1 },
    { title: 'DIED', value: (letter) => `${age(letter.diedAtMs, nowMs)} ago`, align: 'right' },
    { title: 'REPLAY', value: (letter) => letter.replayedAs ?? '-', shrinkTo: 6 },
    { title: 'ERROR', value: (letter) => letter.error, shrinkTo: 10 },
  ];
}

/** Dead letters, one a line; with their queue where they are of several. */
export function renderLetters(
  letters: readonly LetterAnswer[],
  nowMs: number,
  withQueue: boolean,
  layout: Layout,
): string {
  return renderTable(columns(nowMs, withQueue, layout.paint), letters, layout);
}

function besideText({ isolated, coRunners }: KillAnswer): string {
  if (isolated) return 'alone in its process: nobody else can have done it';
  if (coRunners.length === 0) return 'nobody ran beside it';
  const told = coRunners.slice(0, RUNNERS_SHOWN).map(({ queue, id }) => `${queue}/${id}`);
  const more = coRunners.length - told.length;
  return `beside ${told.join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`;
}

/** One death as a station of the timeline: when and where, how, beside whom, its memory, its last words. */
function station(kill: KillAnswer, when: string, layout: Layout): string[] {
  const { width, paint } = layout;
  const bar = paint.dim('│');
  const { recoveryTraceId: recovery } = kill;
  const facts = [
    ...[endText(kill), besideText(kill)],
    ...memoryTexts(kill).map((text) => `memory ${text}`),
    ...(recovery ? [`recovery's trace ${recovery}`] : []),
  ];
  const head = `start ${kill.start} on ${shortStart(kill.worker)}`;
  return [
    `${paint.red('●')} ${paint.bold(when.padEnd(10))} ${truncate(printable(head), width - 13)}`,
    ...facts.map((fact) => `${bar}            ${truncate(printable(fact), width - 13)}`),
    ...lastLines(kill.lastLines, `${bar}            `, { paint, width }),
  ];
}

/** The deaths of a job from the first on, each counted from it. */
export function renderKills(letter: LetterAnswer, layout: Layout): string {
  const { paint } = layout;
  const firstMs = letter.kills[0]?.atMs ?? letter.diedAtMs;
  const after = (atMs: number) => `+${duration(Math.max(0, atMs - firstMs))}`;
  const stations = letter.kills.flatMap((kill, at) =>
    station(kill, at === 0 ? 'died' : after(kill.atMs), layout),
  );
  const replay =
    letter.replayedAs === null ? [] : [`${paint.green('↻')} replayed as job ${printable(letter.replayedAs)}`];
  return [
    ...stations,
    `${paint.red('✖')} ${after(letter.diedAtMs).padEnd(10)} dead-lettered`,
    ...replay,
  ].join('\n');
}

function reasonText({ reason, kills }: LetterAnswer): string {
  const why = reason === 'poison' ? `it killed its process ${plural(kills.length, 'time')}` : REASONS[reason];
  return why === undefined ? reason : `${reason}: ${why}`;
}

/** One dead letter with its data and, for a killer, every death that it caused. */
export function renderLetter(letter: LetterAnswer, nowMs: number, layout: Layout): string {
  const { paint } = layout;
  const facts: (readonly [string, string])[] = [
    ['dead letter', paint.bold(printable(`${letter.queue}/${letter.id}`))],
    ['name', printable(letter.name)],
    ['reason', printable(reasonText(letter))],
    ['error', paint.red(printable(letter.error))],
    ['died', `${age(letter.diedAtMs, nowMs)} ago`],
    ['attempts', `${letter.attemptsMade} made`],
    ...(letter.lineage.length > 0
      ? ([['replay of', printable(letter.lineage.join(', then '))]] as const)
      : []),
    ['replayed as', printable(letter.replayedAs ?? '-')],
    ...traceFacts(letter),
  ];
  const data = (JSON.stringify(letter.data, null, 2) ?? 'none').split('\n').map(printable).join('\n');
  const blocks = [renderFacts(facts, paint), `${paint.dim('data')}\n${data}`];
  if (letter.kills.length > 0) blocks.push(renderKills(letter, layout));
  return blocks.join('\n\n');
}
