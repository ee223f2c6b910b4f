import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type Config, compileConfig, createLog, MillraceError, messageOf, systemClock } from '@millrace/core';
import { createStore } from '@millrace/queue';
import { loadHandlers } from '@millrace/sdk';
import { readTelemetrySettings, unreadableFile } from '@millrace/telemetry';
import { createTokensFile } from './http/tokens-file.ts';
import { createProducer } from './producer.ts';
import { VERSION } from './version.ts';

function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new MillraceError('start_failed', `${what} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function readConfig(): Config {
  const { MILLRACE_CONFIG: file } = process.env;
  return compileConfig(
    process.env,
    file === undefined ? null : readText(file, 'The file of MILLRACE_CONFIG'),
  );
}

async function main(): Promise<void> {
  const config = readConfig();
  const log = createLog('producer', config.log.level);
  const tokens =
    config.tokensFile === null ? null : createTokensFile(config.tokensFile, { clock: systemClock, log });
  const name = `producer-${process.pid}`;
  const identity = { name: 'millrace-producer', version: VERSION, instance: `${hostname()}.${name}` };
  const telemetry = readTelemetrySettings(process.env, identity, unreadableFile);
  const producer = createProducer(config, {
    store: createStore(config, { clock: systemClock, log, name, profile: 'fail-fast' }),
    handlers: await loadHandlers(config.handlersDir),
    clock: systemClock,
    log,
    tokens,
    telemetry,
    // Whatever the log's level: who did what is not for that to hide.
    auditLog: createLog('producer', 'info'),
  });
  const end = async (why: string) => {
    log.info({ why }, 'the producer ends');
    await producer.stop();
    await tokens?.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal));
  process.on('disconnect', () => void end('the launcher is gone'));
  await tokens?.start();
  await producer.start();
  const ports = { http: producer.address().port, health: producer.healthAddress().port };
  log.info({ ports }, 'the producer serves');
  process.send?.({ type: 'ready', ports });
}

main().catch((error) => {
  process.stderr.write(`millrace producer: ${messageOf(error)}\n`);
  process.exit(1);
});
