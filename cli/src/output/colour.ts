import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Colours text, or leaves it as it is where colours are not wanted. */
export type Paint = Readonly<Record<Style, (text: string) => string>>;

const STYLES: readonly Style[] = ['bold', 'dim', 'red', 'green', 'yellow', 'cyan'];

/** A {@link Paint} that colours only when `enabled`. */
export function createPaint(enabled: boolean): Paint {
  const painter = (style: Style) => (text: string) =>
    enabled ? styleText(style, text, { validateStream: false }) : text;
  return Object.fromEntries(STYLES.map((style) => [style, painter(style)])) as Paint;
}

/** Colours belong on a terminal that can show them, and nowhere once NO_COLOR is set (no-color.org). */
export function wantsColour(
  isTerminal: boolean,
  env: { readonly noColor: string | undefined; readonly term: string | undefined },
): boolean {
  return isTerminal && !env.noColor && env.term !== 'dumb';
}
