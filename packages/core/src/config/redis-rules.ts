import type { Fault } from '../errors.ts';
import { DEFAULT_REDIS_URL, type ParsedRedis, type RedisSettings } from './redis-schema.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says of the store wins over the file. */
export function redisSettings(env: Environment, redis: ParsedRedis): RedisSettings {
  const passwordFile = env.MILLRACE_REDIS_PASSWORD_FILE ?? redis.passwordFile;
  const named = env.MILLRACE_REDIS_URL ?? redis.url;
  const isElsewhere = redis.sentinel !== undefined || redis.cluster !== undefined;
  return {
    ...redis,
    ...(passwordFile === undefined ? {} : { passwordFile }),
    url: named ?? (isElsewhere ? null : DEFAULT_REDIS_URL),
  };
}

/** Whether a Cluster puts all keys with this prefix into one slot: it hashes what stands between the first braces. */
export function hasHashTag(prefix: string): boolean {
  return /^[^{]*\{[^}]+\}/.test(prefix);
}

function modeFaults({ url, sentinel, cluster, prefix, db, ...rest }: RedisSettings): Fault[] {
  const faults: Fault[] = [];
  const add = (key: string, message: string) => faults.push({ pointer: `/redis/${key}`, message });
  const named = Object.entries({ url, sentinel, cluster }).filter(([, value]) => value);
  if (named.length > 1) {
    const names = named.map(([name]) => name).join(' and ');
    add(named[1]?.[0] ?? '', `names a second store: keep one of ${names}`);
  }
  if (cluster && !hasHashTag(prefix)) {
    add('prefix', `"${prefix}" has no hash tag, which a Cluster needs: write "{${prefix}}"`);
  }
  if (cluster && db !== 0) add('db', 'a Cluster has only database 0');
  if (!sentinel && rest.sentinelUsername) add('sentinelUsername', 'is of use only with redis.sentinel');
  if (!sentinel && rest.sentinelPasswordFile) {
    add('sentinelPasswordFile', 'is of use only with redis.sentinel');
  }
  return faults;
}

function loginFaults({ username, passwordFile, url, db, tls }: RedisSettings): Fault[] {
  const faults: Fault[] = [];
  const add = (key: string, message: string) => faults.push({ pointer: `/redis/${key}`, message });
  if (username && !passwordFile) add('username', 'needs a passwordFile');
  if (tls && (tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    add('tls', 'certFile and keyFile belong together');
  }
  if (url === null) return faults;
  if (!URL.canParse(url) || !/^rediss?:/.test(url)) {
    return [
      ...faults,
      { pointer: '/redis/url', message: 'must be a URL that begins with redis:// or rediss://' },
    ];
  }
  const parsed = new URL(url);
  if (parsed.password !== '' && passwordFile) {
    add('passwordFile', 'the URL holds a password as well: keep one of them');
  }
  if (parsed.username !== '' && username) add('username', 'the URL names a user as well: keep one of them');
  if (parsed.pathname.length > 1 && db !== 0) {
    add('db', 'the URL names a database as well: keep one of them');
  }
  if (tls && parsed.protocol === 'redis:') add('tls', 'the URL says redis://: write rediss://');
  return faults;
}

/** What is wrong between the keys of `redis`. */
export function redisFaults(settings: RedisSettings): Fault[] {
  return [...modeFaults(settings), ...loginFaults(settings)];
}
