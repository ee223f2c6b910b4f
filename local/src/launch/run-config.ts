import { type Config, compileConfig, MillraceError, parseConfigText } from '@millrace/core';
import { supervisorPort } from './ports.ts';

/** What a run is made from. */
export interface RunSettings {
  readonly config: Config;
  /** The store that was named explicitly; null means that we run our own. */
  readonly externalStore: string | null;
}

type Section = Readonly<Record<string, unknown>>;
type Raw = Readonly<Record<string, unknown>>;

const isSection = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `over` laid on `base`, section by section; a plain value of `over` wins. */
export function overlay(base: Raw, over: Raw): Raw {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isSection(below) && isSection(value) ? overlay(below, value) : value;
  }
  return merged;
}

/** The text as a tree; null when it is not one, which `compileConfig` then explains. */
function readTree(text: string | null): Raw | null {
  try {
    const tree = parseConfigText(text);
    return isSection(tree) ? tree : null;
  } catch {
    return null;
  }
}

/** A run on this machine hands its services one URL. */
function notHere(): MillraceError {
  return new MillraceError(
    'config_invalid',
    'A run on this machine takes a store by redis.url, or runs its own: redis.sentinel and redis.cluster are for the services in a cluster.',
  );
}

/**
 * Compiles the configuration of a run on this machine. `imposed` wins over the file (the demo's settings). The
 * links' port is any free one unless the file names it. Throws `config_invalid` with every fault.
 */
export function compileRun(
  env: Readonly<Record<string, string | undefined>>,
  text: string | null,
  imposed: Raw,
): RunSettings {
  const tree = readTree(text);
  if (tree === null) return { config: compileConfig(env, text), externalStore: null };
  const withDefaults = overlay({ supervision: { linkPort: 0 } }, tree);
  const config = compileConfig(env, JSON.stringify(overlay(withDefaults, imposed)));
  if (config.redis.url === null) throw notHere();
  const named = env.MILLRACE_REDIS_URL ?? (isSection(tree.redis) ? tree.redis.url : undefined);
  return { config, externalStore: named === undefined ? null : config.redis.url };
}

/**
 * The configuration file that the services of a run are given: everything compiled, ports and store filled in.
 * `supervisor` is the one that it is for, counted from 0; the first one's serves everybody else too.
 */
export function runConfigText(
  config: Config,
  ports: ReadonlyMap<string, number>,
  storeUrl: string,
  supervisor = 0,
): string {
  const {
    handlersDir: _h,
    tokensFile: _t,
    linkKeyFile: _l,
    supervisors: _s,
    kubernetes: _k,
    ...written
  } = config;
  const port = (key: string) => ports.get(key) ?? 0;
  return `${JSON.stringify(
    {
      ...written,
      redis: { ...written.redis, url: storeUrl },
      http: { ...written.http, port: port('http.port'), healthPort: port('http.healthPort') },
      worker: { ...written.worker, healthPort: port('worker.healthPort') },
      supervision: {
        ...written.supervision,
        linkPort: port(supervisorPort('linkPort', supervisor)),
        healthPort: port(supervisorPort('healthPort', supervisor)),
      },
    },
    // What was left open stays out: a file knows no null.
    (_, value) => (value === null ? undefined : value),
    2,
  )}\n`;
}
