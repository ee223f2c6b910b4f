import { readFileSync } from 'node:fs';
import { messageOf } from '@millrace/core';

/** Why a file cannot be read, in a sentence's end; null if it can. */
export function unreadableFile(file: string): string | null {
  try {
    readFileSync(file);
    return null;
  } catch (error) {
    return `names a file that cannot be read: ${messageOf(error)}`;
  }
}
