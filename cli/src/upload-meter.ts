import type { Call } from './call.ts';
import { renderProgress } from './output/progress.ts';
import { note } from './terminal.ts';
import type { Tally } from './upload-tally.ts';

const DRAW_EVERY_MS = 100;
/** Carriage return, then erase to the end of the line. */
const ERASE = '\r\u001b[K';

/** A line on stderr that is drawn over itself while a person watches. */
export interface Meter {
  /** Writes a line above the meter. */
  readonly say: (text: string) => void;
  stop(): void;
}

/** Draws the tally ten times a second on a terminal, and nothing elsewhere. */
export function startMeter(call: Call, tally: Tally): Meter {
  const { terminal, clock } = call;
  if (!terminal.isInteractive.errors) return { say: (text) => note(terminal, text), stop() {} };
  const draw = () => {
    const line = renderProgress(tally.progress(), terminal.errorWidth, terminal.errorPaint);
    terminal.errors.write(`${ERASE}${line}`);
  };
  const timer = clock.every(DRAW_EVERY_MS, draw);
  return {
    say: (text) => {
      terminal.errors.write(ERASE);
      note(terminal, text);
      draw();
    },
    stop: () => {
      timer.cancel();
      terminal.errors.write(ERASE);
    },
  };
}
