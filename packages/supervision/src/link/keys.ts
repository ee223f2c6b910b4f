import { readFileSync } from 'node:fs';
import { type Log, MillraceError, messageOf } from '@millrace/core';

/**
 * What links are signed with: one key, or those of now, of which the first signs and each is accepted, so that a new
 * key can be brought to everybody before an old one goes. Null: no key, for loopback only.
 */
export type LinkKey = string | (() => readonly string[]) | null;

/** The keys of this moment; null when there are none to be had. */
export function keysOf(key: LinkKey): readonly string[] | null {
  return typeof key === 'string' ? [key] : (key?.() ?? null);
}

/** The keys in the text of a key file: one a line, blank lines and those that begin with `#` skipped. */
export function parseLinkKeys(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function readKeys(file: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const message = `MILLRACE_LINK_KEY_FILE names a file that cannot be read: ${messageOf(cause)}`;
    throw new MillraceError('config_invalid', message, { cause });
  }
  const keys = parseLinkKeys(text);
  if (keys.length > 0) return keys;
  throw new MillraceError('config_invalid', `MILLRACE_LINK_KEY_FILE names a file without a key: ${file}`);
}

/**
 * The keys that `file` holds, read anew for every hello, which is rare: so a change needs no restart, and no link that
 * is open. While the file cannot be used the keys before it stay, and `log` says so, once a reason.
 * Throws `config_invalid` when it cannot be used from the start.
 */
export function openLinkKeys(file: string, log: Log): () => readonly string[] {
  let keys = readKeys(file);
  let fault: string | null = null;
  return () => {
    try {
      keys = readKeys(file);
      fault = null;
    } catch (error) {
      const reason = messageOf(error);
      if (reason !== fault) log.error({ file, reason }, 'The link keys before stay in force');
      fault = reason;
    }
    return keys;
  };
}
