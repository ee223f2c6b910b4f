import { readFileSync } from 'node:fs';
import { compileConfig } from '@millrace/core';
import { describe, expect, test } from 'vitest';
import { auditLine } from './http/audit.ts';
import { parseTokens } from './http/tokens.ts';

const text = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
const [tokenExample = '', auditExample = ''] = [...text.matchAll(/```json\n(.*?)\n```/gs)].map(
  ([, json]) => json,
);

describe('docs/security.md', () => {
  test('shows a line of the tokens file that is taken', () => {
    expect(parseTokens(tokenExample).holderOf('test', 0)?.caller).toEqual({ name: 'ci', role: 'operator' });
  });

  test('shows an audit line with every member that one has, and tells of each', () => {
    const { level, time, service, msg, ...line } = JSON.parse(auditExample);
    const { action, method, path, address, trace, status, code, target, by, role } = line;
    const deed = { action, method, path, address, trace, status, code, target, caller: { name: by, role } };
    expect(auditLine(deed)).toEqual(line);
    const told = text.slice(text.indexOf(auditExample));
    for (const member of ['time', ...Object.keys(line)]) {
      expect(told, member).toMatch(new RegExp(`^\\| .*\`${member}\`.* \\|`, 'm'));
    }
    expect([level, service, msg, typeof time]).toEqual([30, 'producer', 'audit: done', 'number']);
  });

  test('tells the defaults as they are', () => {
    const { http } = compileConfig({}, null);
    const seconds = (ms: number) => `${ms / 1000} s`;
    for (const [key, told] of [
      ['headersMs', seconds(http.headersMs)],
      ['bodyMs', seconds(http.bodyMs)],
      ['streamIdleMs', `${http.streamIdleMs / 60_000} min`],
      ['unreadMs', seconds(http.unreadMs)],
      ['deadlineMs', seconds(http.deadlineMs)],
      ['maxConnections', http.maxConnections.toLocaleString('en')],
      ['lingerMs', `${http.lingerMs} ms`],
    ]) {
      expect(text).toContain(`\`http.${key}\` (${told}`);
    }
    expect(text).toContain(`${http.authFailures} a minute (\`http.authFailures\`)`);
  });
});
