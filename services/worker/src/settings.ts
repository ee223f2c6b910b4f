import { readFileSync } from 'node:fs';
import { type Config, compileConfig, createLog, MillraceError, messageOf } from '@millrace/core';
import { type LinkKey, openLinkKeys } from '@millrace/supervision';
import { openMemoryGroup } from './autopsy/memory-group.ts';
import { ownCores } from './container/cores.ts';

/** What a pod supervisor and its processes both read as they start. */
export interface Settings {
  readonly config: Config;
  /** Of the links; null without a key file, which only loopback links allow. */
  readonly linkKey: LinkKey;
}

function textOf(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const message = `${variable} names a file that cannot be read: ${messageOf(cause)}`;
    throw new MillraceError('config_invalid', message, { cause });
  }
}

/** Compiles the configuration that `env` names, sized to the container that we run in. Throws `config_invalid`. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { MILLRACE_CONFIG: file } = env;
  const machine = { cores: ownCores(env.MILLRACE_CPU_REQUEST), memoryBytes: openMemoryGroup().limitBytes() };
  const config = compileConfig(env, file === undefined ? null : textOf('MILLRACE_CONFIG', file), machine);
  const { linkKeyFile } = config;
  return {
    config,
    linkKey: linkKeyFile === null ? null : openLinkKeys(linkKeyFile, createLog('worker', config.log.level)),
  };
}
