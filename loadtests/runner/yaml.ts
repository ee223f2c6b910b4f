/** Text that YAML reads as itself without quotes. */
const PLAIN = /^[A-Za-z/][A-Za-z0-9 ._/-]*$/;
const WORDS = /^(true|false|null|yes|no|on|off|y|n)$/i;

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  // JSON's strings are YAML's.
  return PLAIN.test(value) && !WORDS.test(value) && !value.endsWith(' ') ? value : JSON.stringify(value);
}

const isNode = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** A file's text stays readable: line by line, as it is. */
function block(text: string, indent: string): string {
  const lines = text.replace(/\n$/, '').split('\n');
  return `|\n${lines.map((line) => (line === '' ? '' : `${indent}${line}`)).join('\n')}`;
}

function linesOf(value: object, indent: string): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown) => {
      if (!isNode(item)) return [`${indent}- ${scalar(item)}`];
      const [first = '', ...rest] = linesOf(item, `${indent}  `);
      return [`${indent}- ${first.trimStart()}`, ...rest];
    });
  }
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
    const name = `${indent}${scalar(key)}:`;
    if (isNode(item)) return [name, ...linesOf(item, `${indent}  `)];
    const isText = typeof item === 'string' && /\n$/.test(item) && !/^\s/.test(item);
    return [`${name} ${isText ? block(item, `${indent}  `) : scalar(item)}`];
  });
}

/** A document of mappings, lists and scalars as YAML; no list or mapping in it is empty. */
export function yamlOf(document: object): string {
  return `${linesOf(document, '').join('\n')}\n`;
}
