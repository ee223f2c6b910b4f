import { availableParallelism } from 'node:os';
import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { type Fault, MillraceError, messageOf } from '../errors.ts';
import { didYouMean } from '../suggest.ts';
import { ENVIRONMENT } from './environment.ts';
import { type KubernetesPlace, kubernetesPlace } from './kubernetes-place.ts';
import { redisFaults, redisSettings } from './redis-rules.ts';
import type { RedisSettings } from './redis-schema.ts';
import { configSchema, type ParsedConfig, type TRACE_SHAPES } from './schema.ts';
import { type Machine, sizeFaults, type WorkerSizes, workerSizes } from './worker-sizes.ts';

/** The compiled configuration: what all code but `main.ts` sees. */
export interface Config extends Omit<ParsedConfig, 'worker' | 'redis'> {
  readonly redis: RedisSettings;
  readonly worker: Omit<ParsedConfig['worker'], keyof WorkerSizes> & WorkerSizes;
  /** Directory of handler files (MILLRACE_HANDLERS); null means the shipped ones. */
  readonly handlersDir: string | null;
  /** Bearer tokens (MILLRACE_TOKENS_FILE); null means none, which only a loopback listener allows. */
  readonly tokensFile: string | null;
  /** The key of the links' HMAC (MILLRACE_LINK_KEY_FILE). */
  readonly linkKeyFile: string | null;
  /** `host:port` of every supervisor (MILLRACE_SUPERVISORS, comma-separated). */
  readonly supervisors: readonly string[];
  readonly kubernetes: KubernetesPlace;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Keys that `schema` knows below `path`, for suggestions. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let node: unknown = configSchema;
  for (const step of path) {
    const def = unwrap(node);
    node = def?.shape?.[step as string] ?? def?.valueType;
  }
  return Object.keys(unwrap(node)?.shape ?? {});
}

interface SchemaDef {
  innerType?: unknown;
  shape?: Record<string, unknown>;
  valueType?: unknown;
}

function unwrap(node: unknown): SchemaDef | undefined {
  let def = (node as z.ZodType | undefined)?.def as SchemaDef | undefined;
  while (def?.innerType) def = (def.innerType as z.ZodType).def as SchemaDef;
  return def;
}

function faultsOf(error: z.ZodError): Fault[] {
  return error.issues.flatMap((issue) => {
    const pointer = `/${issue.path.map(String).join('/')}`;
    if (issue.code !== 'unrecognized_keys') return [{ pointer, message: issue.message }];
    return issue.keys.map((key) => ({
      pointer: `${pointer === '/' ? '' : pointer}/${key}`,
      message: `unknown key${didYouMean(key, knownKeys(issue.path))}`,
    }));
  });
}

function invalid(faults: readonly Fault[]): MillraceError {
  const lines = faults.map((fault) => `  ${fault.pointer}: ${fault.message}`);
  return new MillraceError('config_invalid', `The configuration is not valid:\n${lines.join('\n')}`, {
    details: { faults },
  });
}

function environmentFaults(env: Environment): Fault[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('MILLRACE_') && !ENVIRONMENT.includes(name))
    .map((name) => ({
      pointer: `/env/${name}`,
      message: `unknown variable${didYouMean(name, ENVIRONMENT)}`,
    }));
}

/** Rules between keys, which a schema of single keys cannot say. */
function crossFaults(config: ParsedConfig): Fault[] {
  const faults: Fault[] = [];
  const { supervision, drain } = config;
  if (supervision.suspectMs <= supervision.beatMs) {
    faults.push({ pointer: '/supervision/suspectMs', message: 'must be longer than beatMs' });
  }
  if (supervision.hangLimitMs <= supervision.suspectMs) {
    faults.push({ pointer: '/supervision/hangLimitMs', message: 'must be longer than suspectMs' });
  }
  if (drain.noticeMs > drain.timeoutMs) {
    faults.push({ pointer: '/drain/noticeMs', message: 'must not be longer than timeoutMs' });
  }
  return faults;
}

/** The tree that a configuration file's text stands for; an empty one for no text. Throws when it is no YAML. */
export function parseConfigText(text: string | null): unknown {
  return (text === null ? null : parseYaml(text)) ?? {};
}

/**
 * Compiles the configuration from the environment and the text of the file that MILLRACE_CONFIG names
 * (YAML; JSON is YAML), for a worker pod that may use `machine`. Every problem is listed at once. Throws `config_invalid`.
 */
export function compileConfig(
  env: Environment,
  fileText: string | null,
  machine: Machine = { cores: availableParallelism(), memoryBytes: null },
): Config {
  const faults = environmentFaults(env);
  let raw: unknown = {};
  try {
    raw = parseConfigText(fileText);
  } catch (error) {
    throw invalid([...faults, { pointer: '/', message: `not YAML: ${messageOf(error)}` }]);
  }
  const parsed = configSchema.safeParse(raw);
  if (!parsed.success) throw invalid([...faults, ...faultsOf(parsed.error)]);
  const redis = redisSettings(env, parsed.data.redis);
  faults.push(...crossFaults(parsed.data), ...redisFaults(redis), ...sizeFaults(parsed.data.worker, machine));
  if (faults.length > 0) throw invalid(faults);

  const { data } = parsed;
  const inherited = env.NODE_OPTIONS?.split(/\s+/) ?? [];
  return {
    ...data,
    redis,
    log: { level: (env.MILLRACE_LOG_LEVEL as ParsedConfig['log']['level'] | undefined) ?? data.log.level },
    worker: { ...data.worker, ...workerSizes(data.worker, machine, inherited) },
    handlersDir: env.MILLRACE_HANDLERS ?? null,
    tokensFile: env.MILLRACE_TOKENS_FILE ?? null,
    linkKeyFile: env.MILLRACE_LINK_KEY_FILE ?? null,
    supervisors: (env.MILLRACE_SUPERVISORS ?? `127.0.0.1:${data.supervision.linkPort}`)
      .split(',')
      .map((address) => address.trim())
      .filter((address) => address !== ''),
    kubernetes: kubernetesPlace(env),
  };
}

/** Bound, bytes, concurrency and shape of traces of one queue, overrides applied. */
export function queueSettings(
  config: Pick<Config, 'queue' | 'queues' | 'worker'>,
  queue: string,
): {
  bound: number;
  maxBytes: number;
  concurrency: number | null;
  traces: (typeof TRACE_SHAPES)[number];
} {
  const own = config.queues[queue] ?? {};
  return {
    bound: own.bound ?? config.queue.bound,
    maxBytes: own.maxBytes ?? config.queue.maxBytes,
    concurrency: own.concurrency ?? null,
    traces: own.traces ?? 'auto',
  };
}
