import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { keysOf, type LinkKey } from './keys.ts';

/**
 * The mac is the last member of the hello and signs the bytes before it as they were sent, closed by "}".
 * So a sender in any language signs its own serialisation, and nobody has to agree on how JSON is written.
 */
const MAC_MEMBER = /\s*,\s*"mac"\s*:\s*"([0-9a-f]*)"\s*\}\s*$/;

/** A nonce for one connection: a recorded hello is worth nothing on another. */
export function newNonce(): string {
  return randomBytes(16).toString('hex');
}

function macOf(key: string, nonce: string, text: string): string {
  return createHmac('sha256', key).update(`${nonce}\n${text}`).digest('hex');
}

/** The hello with its mac, by the first key; without a key the mac is empty. */
export function signHello(key: LinkKey, nonce: string, hello: object): object {
  const first = keysOf(key)?.[0];
  return { ...hello, mac: first === undefined ? '' : macOf(first, nonce, JSON.stringify(hello)) };
}

/** Whether `line` is a hello signed for `nonce` with one of the keys; without a key every hello is. */
export function verifyHello(key: LinkKey, nonce: string, line: string): boolean {
  const keys = keysOf(key);
  if (keys === null) return true;
  const found = MAC_MEMBER.exec(line);
  if (!found) return false;
  const text = `${line.slice(0, found.index)}}`;
  const given = Buffer.from(found[1] ?? '');
  const isBy = (one: string) => {
    const expected = Buffer.from(macOf(one, nonce, text));
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
  // All of them, whichever fits: the time taken does not tell which.
  return keys.filter(isBy).length > 0;
}
