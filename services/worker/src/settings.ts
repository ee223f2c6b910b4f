import { readFileSync } from 'node:fs';
import { type Config, compileConfig, MillraceError, messageOf } from '@millrace/core';

/** What a pod supervisor and its processes both read as they start. */
export interface Settings {
  readonly config: Config;
  /** Of the links; null without a key file, which only loopback links allow. */
  readonly linkKey: string | null;
}

function textOf(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const message = `${variable} names a file that cannot be read: ${messageOf(cause)}`;
    throw new MillraceError('config_invalid', message, { cause });
  }
}

/** Compiles the configuration that `env` names. Throws `config_invalid`. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { MILLRACE_CONFIG: file } = env;
  const config = compileConfig(env, file === undefined ? null : textOf('MILLRACE_CONFIG', file));
  const { linkKeyFile } = config;
  return {
    config,
    linkKey: linkKeyFile === null ? null : textOf('MILLRACE_LINK_KEY_FILE', linkKeyFile).trim(),
  };
}
