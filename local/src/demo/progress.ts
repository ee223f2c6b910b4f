import type { Writable } from 'node:stream';
import type { Clock, Timer } from '@millrace/core';

/** What the progress line tells. */
export interface ProgressView {
  readonly done: number;
  readonly jobs: number;
  readonly depth: number | null;
  readonly kills: number;
  readonly elapsedMs: number;
}

const WIDTH = 24;
const TTY_MS = 150;
const PLAIN_MS = 5_000;

/** One line: a bar, the count, the mean rate, the depth and the kills. */
export function progressLine({ done, jobs, depth, kills, elapsedMs }: ProgressView): string {
  const filled = Math.floor((done / jobs) * WIDTH);
  const bar = `${'█'.repeat(filled)}${'·'.repeat(WIDTH - filled)}`;
  const rate = elapsedMs > 0 ? Math.round((done * 1000) / elapsedMs) : 0;
  const count = `${done.toLocaleString('en-US')}/${jobs.toLocaleString('en-US')}`;
  return `${bar} ${count}  ${rate.toLocaleString('en-US')}/s  waiting ${depth ?? '–'}  killed ${kills}`;
}

/** Shows progress: one line that is written over on a terminal, a line now and then elsewhere. */
export class Progress {
  readonly #out: Writable & { isTTY?: boolean };
  readonly #view: () => ProgressView;
  readonly #timer: Timer;

  constructor(out: Writable & { isTTY?: boolean }, clock: Clock, view: () => ProgressView) {
    this.#out = out;
    this.#view = view;
    this.#timer = clock.every(out.isTTY ? TTY_MS : PLAIN_MS, () => this.#show());
  }

  /** A line of news, above the progress line. */
  note(line: string): void {
    if (this.#out.isTTY) this.#out.write(`\r\x1b[2K${line}\n`);
    else this.#out.write(`${line}\n`);
    if (this.#out.isTTY) this.#show();
  }

  end(): void {
    this.#timer.cancel();
    if (this.#out.isTTY) this.#out.write('\r\x1b[2K');
  }

  #show(): void {
    const line = progressLine(this.#view());
    this.#out.write(this.#out.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
  }
}
