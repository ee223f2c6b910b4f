import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import {
  type Clock,
  type Lifecycle,
  type Log,
  lifecycle,
  MillraceError,
  messageOf,
  type Timer,
} from '@millrace/core';
import { parseTokens, type Tokens } from './tokens.ts';

/** How soon a change of the file is in force, ms. Kubernetes itself takes up to a minute to bring one into a pod. */
const LOOK_MS = 1_000;

/** Tokens that are what their file says, for as long as they are started. */
export interface TokensFile extends Tokens, Lifecycle {}

export interface TokensFileDependencies {
  readonly clock: Clock;
  readonly log: Log;
}

function firstText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const text = `The file of MILLRACE_TOKENS_FILE cannot be read: ${messageOf(cause)}`;
    throw new MillraceError('start_failed', text, { cause });
  }
}

/**
 * Reads the tokens of `file` now, and again whenever its content changes, by itself or by a swap of links as Kubernetes
 * does it. A file that becomes unusable leaves the tokens before it in force, and is said at every change.
 * Throws `start_failed` or `config_invalid` when it is unusable from the start.
 */
export function createTokensFile(file: string, { clock, log }: TokensFileDependencies): TokensFile {
  let text: string | null = firstText(file);
  let current = parseTokens(text);
  let fault: string | null = null;
  let reading: Promise<void> | null = null;
  let timer: Timer | undefined;

  function keep(reason: string): void {
    if (fault !== reason)
      log.error({ file, reason }, 'The tokens file cannot be used: the tokens before stay in force');
    fault = reason;
  }

  async function look(): Promise<void> {
    try {
      const now = await readFile(file, 'utf8');
      if (now === text) return;
      text = now;
      current = parseTokens(now);
      fault = null;
      log.info({ file }, 'The tokens file has changed and is in force');
    } catch (error) {
      // Read again at the next look even if it comes back as it was.
      if (!(error instanceof MillraceError)) text = null;
      keep(messageOf(error));
    }
  }

  return {
    ...lifecycle(
      async () => {
        timer = clock.every(LOOK_MS, () => {
          reading ??= look().finally(() => {
            reading = null;
          });
        });
      },
      async () => {
        timer?.cancel();
        await reading;
      },
    ),
    holderOf: (token, nowMs) => current.holderOf(token, nowMs),
    get fault() {
      return fault;
    },
  };
}
