import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CHART } from '../render.ts';

const DOCS = join(CHART, '../../docs');
const pages = readdirSync(join(DOCS, 'runbooks'));
const text = (page: string) => readFileSync(join(DOCS, 'runbooks', page), 'utf8');

/** Help texts by what is asked for: `dlq replay` has the one of its own. */
const helps = new Map(
  [
    ...readFileSync(join(DOCS, 'cli.md'), 'utf8').matchAll(/<!-- help (.+?) -->\n```text\n([\s\S]*?)```/g),
  ].map(([, verb = '', help = '']) => [verb, help]),
);

function fault(command: string): string | null {
  const words = command.split(/\s+/).slice(1);
  const plain = words.filter((word) => !word.startsWith('-'));
  const help = helps.get(plain.slice(0, 2).join(' ')) ?? helps.get(plain[0] ?? '');
  if (help === undefined) return `there is no verb ${plain[0]}`;
  const unknown = words.filter((word) => word.startsWith('--') && !help.includes(`${word} `));
  return unknown.length === 0 ? null : `${plain[0]} takes no ${unknown.join(' ')}`;
}

test.each(pages)('%s: every `millrace` command is one', (page) => {
  const commands = [...text(page).matchAll(/(?:^|`)(millrace [a-z-][^`\n]*)/gm)].map(
    ([, command = '']) => command.split(/\s+#/)[0] ?? '',
  );
  expect(
    commands.flatMap((command) => {
      const found = fault(command.trim());
      return found === null ? [] : [`${command}: ${found}`];
    }),
  ).toEqual([]);
});

// biome-ignore lint/suspicious/noExplicitAny: JSON Schema, looked into by key.
const othersOf = ({ additionalProperties, patternProperties }: any) =>
  typeof additionalProperties === 'object' ? additionalProperties : Object.values(patternProperties ?? {})[0];

test.each(pages)('%s: every key of the values is one', (page) => {
  const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8'));
  const roots = 'networkPolicy|monitoring|workerPools|worker|store|config|auth|rbac|pdb|producer|supervisor';
  const keys = [...text(page).matchAll(new RegExp(`\`((?:${roots})\\.[A-Za-z.*]+)\``, 'g'))];
  const missing = keys.flatMap(([, path = '']) => {
    let node = schema;
    for (const key of path.split('.')) {
      // A name of yours, and `*`, stand for whatever there is.
      const others = othersOf(node);
      node = node.properties?.[key] ?? others ?? (key === '*' && Object.values(node.properties)[0]);
      if (!node) return [path];
      if (node.properties === undefined && othersOf(node) === undefined) break;
    }
    return [];
  });
  expect(missing).toEqual([]);
});
