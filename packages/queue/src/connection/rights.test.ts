import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { SCRIPTS } from '../backend/compose.ts';
import { leastAclRules, rightsOn } from './rights.ts';

const CALL = /(?:\brcall|redis\.p?call)\(\s*["'](\w+)["']/g;

test('every command that a script of BullMQ or ours calls is among the rights', () => {
  const stock = createRequire(import.meta.url)('bullmq/dist/cjs/scripts/index.js') as Record<
    string,
    { content?: string }
  >;
  const texts = [
    ...[...SCRIPTS.guards.values(), ...SCRIPTS.own.values()].map(({ lua }) => lua),
    ...Object.values(stock).map(({ content = '' }) => content),
  ];
  const called = new Set(
    texts.flatMap((text) => [...text.matchAll(CALL)].map((match) => match[1]?.toLowerCase())),
  );
  const granted = new Set(rightsOn('k', false).map(({ name }) => name.split('|')[0]));
  expect([...called].filter((command) => !granted.has(command as string))).toEqual([]);
  expect(called.size).toBeGreaterThan(50);
});

test('docs/store.md grants exactly these rights', () => {
  const text = readFileSync(new URL('../../../../docs/store.md', import.meta.url), 'utf8');
  const block = /^ACL SETUSER millrace on >PASSWORD$([^`]*)/m.exec(text)?.[1] ?? '';
  const least = leastAclRules('bull', false);
  expect(block.split(/\s+/).filter((word) => word !== '')).toEqual(least);
  const besides = /are needed besides: (.*)\.$/m.exec(text)?.[1]?.replaceAll('`', '').split(', ');
  expect(besides).toEqual(leastAclRules('bull', true).filter((rule) => !least.includes(rule)));
});
