import { type Lifecycle, lifecycle } from '@millrace/core';
import type { TracerProvider } from '@opentelemetry/api';
import type { InstrumentationName } from '../settings/settings.ts';
import type { Watch } from './watch.ts';
import { watchHttp } from './watch-http.ts';
import { watchIoredis } from './watch-ioredis.ts';
import { watchUndici } from './watch-undici.ts';

const WATCHES: Readonly<Record<InstrumentationName, () => Promise<Watch>>> = {
  undici: watchUndici,
  http: watchHttp,
  ioredis: watchIoredis,
};

/** Watches the named libraries from `start` on, which has to come before handlers are loaded: they keep what they import. */
export interface Instrumentations extends Lifecycle {
  sendTo(provider: TracerProvider): void;
}

export function createInstrumentations(names: readonly InstrumentationName[]): Instrumentations {
  const watches: Watch[] = [];
  return {
    ...lifecycle(
      async () => {
        for (const name of names) watches.push(await WATCHES[name]());
      },
      async () => {
        for (const watch of watches) watch.end();
      },
    ),
    sendTo(provider) {
      for (const watch of watches) watch.sendTo(provider);
    },
  };
}
