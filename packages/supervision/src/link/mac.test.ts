import { expect, test } from 'vitest';
import { signHello, verifyHello } from './mac.ts';

const hello = { type: 'hello', pid: 7, note: 'ä "quoted"' };
const line = JSON.stringify(signHello('key', 'nonce', hello));

test('a hello signed with the key for this nonce is accepted', () => {
  expect(verifyHello('key', 'nonce', line)).toBe(true);
});

test('another key, another nonce or a changed byte is refused', () => {
  expect(verifyHello('other', 'nonce', line)).toBe(false);
  expect(verifyHello('key', 'replayed', line)).toBe(false);
  expect(verifyHello('key', 'nonce', line.replace('7', '8'))).toBe(false);
  expect(verifyHello('key', 'nonce', JSON.stringify(hello))).toBe(false);
  expect(verifyHello('key', 'nonce', JSON.stringify({ ...hello, mac: '' }))).toBe(false);
});

test('a mac that is not the last member does not count', () => {
  const signed = signHello('key', 'nonce', hello) as { mac: string };
  expect(verifyHello('key', 'nonce', JSON.stringify({ mac: signed.mac, ...hello }))).toBe(false);
});

test('a sender that writes its JSON another way signs its own bytes', () => {
  const text = '{ "type": "hello", "pid": 7.0 }';
  const { mac } = signHello('key', 'n', {}) as { mac: string };
  expect(mac).toHaveLength(64);
  // As a Python worker would: sign the text, then put the mac in as the last member.
  const spaced = text.replace(' }', '');
  const signed = macBy('key', 'n', `${spaced}}`);
  expect(verifyHello('key', 'n', `${spaced} , "mac" : "${signed}" }`)).toBe(true);
});

import { createHmac } from 'node:crypto';

function macBy(key: string, nonce: string, text: string): string {
  return createHmac('sha256', key).update(`${nonce}\n${text}`).digest('hex');
}
