import { access, constants, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { delimiter, join } from 'node:path';
import type { Clock } from '@millrace/core';
import { type Child, startChild } from '../launch/child.ts';
import type { KeptProcess } from '../launch/keeper.ts';
import { freePort } from '../launch/ports.ts';
import { type JaegerPorts, jaegerConfig, USUAL_PORTS } from './jaeger-config.ts';

const LOOK_MS = 50;
const ANSWER_MS = 1_000;
const GRACE_MS = 5_000;
/** A Jaeger with nothing in it answers within a second or two. */
const START_MS = 20_000;

/** A Jaeger of our own on its ports, ready to be kept. */
export interface OwnJaeger {
  /** Its pages and its API. */
  readonly url: string;
  /** Base URL for OTLP over HTTP. */
  readonly endpoint: string;
  readonly process: KeptProcess;
}

/** The first `jaeger` on `path`; null when there is none. */
export async function findJaeger(path: string): Promise<string | null> {
  for (const dir of path.split(delimiter).filter((each) => each !== '')) {
    const file = join(dir, 'jaeger');
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return null;
}

/** The usual ports, and others where those are taken. */
async function choosePorts(): Promise<JaegerPorts> {
  const http = await freePort(USUAL_PORTS.http);
  const otlpHttp = await freePort(USUAL_PORTS.otlpHttp);
  return { http, otlpHttp, otlpGrpc: await freePort(USUAL_PORTS.otlpGrpc) };
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(`${url}/api/v3/services`, { timeout: ANSWER_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.once('timeout', () => call.destroy());
    call.once('error', () => resolve(false));
    call.end();
  });
}

/** Who has not answered in time is ended, so that its start fails: any program may bear this name, and all wait for it. */
async function untilAnswers(url: string, child: Child, clock: Clock, signal: AbortSignal): Promise<void> {
  const untilMs = clock.monotonicMs() + START_MS;
  while (!(await answers(url))) {
    if (clock.monotonicMs() > untilMs) child.killGroup();
    await clock.sleep(LOOK_MS, signal);
  }
}

/** A Jaeger 2 that keeps traces in memory, its configuration in `folder.run`; what it held is gone with it. */
export async function ownJaeger(
  file: string,
  folder: { readonly run: string; readonly logs: string },
  { env, clock }: { readonly env: Readonly<Record<string, string | undefined>>; readonly clock: Clock },
): Promise<OwnJaeger> {
  const ports = await choosePorts();
  const configFile = join(folder.run, 'jaeger.json');
  await writeFile(configFile, jaegerConfig(ports));
  const url = `http://127.0.0.1:${ports.http}`;
  const spawn = () =>
    startChild({
      name: 'jaeger',
      file,
      args: ['--config', configFile],
      env,
      logFile: join(folder.logs, 'jaeger.log'),
      ipc: false,
    });
  return {
    url,
    endpoint: `http://127.0.0.1:${ports.otlpHttp}`,
    process: {
      name: 'jaeger',
      spawn,
      untilReady: (child, signal) => untilAnswers(url, child, clock, signal),
      graceMs: GRACE_MS,
    },
  };
}
