import { type Config, messageOf } from '@millrace/core';
import type { Host } from '../host.ts';
import type { Folder } from '../launch/folder.ts';
import { type Keeper, type KeeperDependencies, keep } from '../launch/keeper.ts';
import { findJaeger, ownJaeger } from './own-jaeger.ts';
import { leavesTracesOpen } from './wanted.ts';

/** A Jaeger of this run, and what its services are told of it. */
export interface Tracing {
  /** Its pages and its API. */
  readonly url: string;
  /** For every service. Jaeger takes no metrics: those are scraped. */
  readonly environment: Readonly<Record<string, string>>;
  readonly keeper: Keeper;
}

/**
 * Starts a Jaeger where one is on the PATH and nobody said where traces go; null otherwise. One that does not start is
 * told of, and stops nothing: traces are not what a platform is for.
 */
export async function startTracing(
  host: Host,
  folder: Folder,
  dependencies: KeeperDependencies,
): Promise<Tracing | null> {
  if (!leavesTracesOpen(host.env)) return null;
  const file = await findJaeger(host.env.PATH ?? '');
  if (file === null) return null;
  const jaeger = await ownJaeger(file, folder, { env: host.env, clock: host.clock });
  const keeper = keep(jaeger.process, dependencies);
  try {
    await keeper.start();
  } catch (error) {
    dependencies.note(`There are no traces this time: ${messageOf(error)}`);
    await keeper.stop();
    return null;
  }
  return {
    url: jaeger.url,
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.endpoint, OTEL_METRICS_EXPORTER: 'none' },
    keeper,
  };
}

/** `config` with our Jaeger as the place where traces are looked at, unless it names one. */
export function withTraceUrl(config: Config, tracing: Tracing | null): Config {
  if (tracing === null || config.http.traceUrl !== undefined) return config;
  return { ...config, http: { ...config.http, traceUrl: `${tracing.url}/trace/{traceId}` } };
}
