import { readFileSync } from 'node:fs';
import { type Config, compileConfig, createLog, MillraceError, messageOf } from '@millrace/core';
import { type LinkKey, openLinkKeys } from '@millrace/supervision';
import { readTelemetrySettings, type TelemetrySettings } from '@millrace/telemetry';
import { openMemoryGroup } from './autopsy/memory-group.ts';
import { ownCores } from './container/cores.ts';

/** What a pod supervisor and its processes both read as they start. */
export interface Settings {
  readonly config: Config;
  /** Of the links; null without a key file, which only loopback links allow. */
  readonly linkKey: LinkKey;
  readonly telemetry: TelemetrySettings;
}

function textOf(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const message = `${variable} names a file that cannot be read: ${messageOf(cause)}`;
    throw new MillraceError('config_invalid', message, { cause });
  }
}

const VERSION: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;

/**
 * Compiles the configuration that `env` names, sized to the container that we run in. `instance` is who tells of itself:
 * a pod, which alone exports and so looks whether files for it can be read (`fileFault`). Throws `config_invalid`.
 */
export function readSettings(
  env: NodeJS.ProcessEnv,
  instance: string,
  fileFault?: Parameters<typeof readTelemetrySettings>[2],
): Settings {
  const { MILLRACE_CONFIG: file } = env;
  const machine = { cores: ownCores(env.MILLRACE_CPU_REQUEST), memoryBytes: openMemoryGroup().limitBytes() };
  const config = compileConfig(env, file === undefined ? null : textOf('MILLRACE_CONFIG', file), machine);
  const { linkKeyFile } = config;
  const service = { name: 'millrace-worker', version: VERSION, instance };
  return {
    telemetry: readTelemetrySettings(env, service, fileFault),
    config,
    linkKey: linkKeyFile === null ? null : openLinkKeys(linkKeyFile, createLog('worker', config.log.level)),
  };
}
