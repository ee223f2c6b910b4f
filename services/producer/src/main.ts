import { readFileSync } from 'node:fs';
import { type Config, compileConfig, createLog, MillraceError, messageOf, systemClock } from '@millrace/core';
import { createStore } from '@millrace/queue';
import { loadHandlers } from '@millrace/sdk';
import { parseTokens, type Tokens } from './http/tokens.ts';
import { createProducer } from './producer.ts';

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

function readTokens({ tokensFile }: Config): Tokens | null {
  return tokensFile === null ? null : parseTokens(readText(tokensFile, 'The file of MILLRACE_TOKENS_FILE'));
}

async function main(): Promise<void> {
  const config = readConfig();
  const log = createLog('producer', config.log.level);
  const name = `producer-${process.pid}`;
  const producer = createProducer(config, {
    store: createStore(config, { clock: systemClock, log, name, profile: 'fail-fast' }),
    handlers: await loadHandlers(config.handlersDir),
    clock: systemClock,
    log,
    tokens: readTokens(config),
  });
  const end = async (why: string) => {
    log.info({ why }, 'the producer ends');
    await producer.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal));
  process.on('disconnect', () => void end('the launcher is gone'));
  await producer.start();
  const ports = { http: producer.address().port, health: producer.healthAddress().port };
  log.info({ ports }, 'the producer serves');
  process.send?.({ type: 'ready', ports });
}

main().catch((error) => {
  process.stderr.write(`millrace producer: ${messageOf(error)}\n`);
  process.exit(1);
});
