/** What `values.yaml` says of one value. */
export interface ValueComment {
  /** The type in parentheses, like `(int)`, of a value whose default does not show it; null where there is none. */
  readonly type: string | null;
  readonly text: string;
}

const KEY = /^( *)([A-Za-z][\w-]*):/;
const COMMENT = /^ *# ?(.*)$/;
const INDENT = 2;

function commentOf(lines: readonly string[]): ValueComment | null {
  const start = lines.findLastIndex((line) => line.startsWith('-- '));
  if (start < 0) return null;
  const text = lines.slice(start).join(' ').slice('-- '.length);
  const [, type = null, rest = text] = /^\((.*?)\) (.*)$/.exec(text) ?? [];
  return { type, text: rest };
}

/** The comments of a values file in the form that helm-docs reads (`# -- …` above a key), by the value's dotted path. */
export function valueComments(valuesText: string): ReadonlyMap<string, ValueComment> {
  const found = new Map<string, ValueComment>();
  let above: string[] = [];
  const path: string[] = [];
  for (const line of valuesText.split('\n')) {
    const comment = COMMENT.exec(line);
    if (comment) {
      above.push(comment[1] ?? '');
      continue;
    }
    const key = KEY.exec(line);
    if (key) {
      path.splice((key[1] ?? '').length / INDENT, Number.POSITIVE_INFINITY, key[2] ?? '');
      const said = commentOf(above);
      if (said) found.set(path.join('.'), said);
    }
    above = [];
  }
  return found;
}
