import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

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

/** The hello with its mac; without a key the mac is empty. */
export function signHello(key: string | null, nonce: string, hello: object): object {
  return { ...hello, mac: key === null ? '' : macOf(key, nonce, JSON.stringify(hello)) };
}

/** Whether `line` is a hello signed with `key` for `nonce`; without a key every hello is. */
export function verifyHello(key: string | null, nonce: string, line: string): boolean {
  if (key === null) return true;
  const found = MAC_MEMBER.exec(line);
  if (!found) return false;
  const expected = Buffer.from(macOf(key, nonce, `${line.slice(0, found.index)}}`));
  const given = Buffer.from(found[1] ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
