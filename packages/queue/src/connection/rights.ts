/**
 * What our user may have to do, as commands with arguments that the store accepts; `k` stands for a key of ours. Each is
 * tried inside a transaction that is thrown away, where the store checks the rights and does nothing else.
 */
const ON_KEYS = `
  del k|exists k|get k|incr k|incrby k 1|mget k|persist k|pexpire k 1|pexpireat k 1|pttl k|rename k k|set k 1|type k|unlink k
  hdel k f|hexists k f|hget k f|hgetall k|hincrby k f 1|hlen k|hmget k f|hmset k f 1|hscan k 0|hset k f 1|hsetnx k f 1
  hstrlen k f|hvals k
  lindex k 0|llen k|lpop k|lpos k v|lpush k v|lrange k 0 0|lrem k 0 v|lset k 0 v|ltrim k 0 0|rpop k|rpoplpush k k|rpush k v
  sadd k m|scard k|sismember k m|smembers k|srem k m|sscan k 0
  xadd k * f v|xdel k 0-1|xinfo stream k|xlen k|xrange k - +|xread streams k 0|xrevrange k + -|xtrim k maxlen 1
  bzpopmin k 1|zadd k 1 m|zcard k|zcount k 0 1|zlexcount k - +|zmscore k m|zpopmin k|zrange k 0 0|zrangebylex k - +
  zrangebyscore k 0 1|zrem k m|zremrangebyrank k 0 0|zremrangebyscore k 0 1|zrevrange k 0 0|zrevrangebyscore k 1 0
  zrevrank k m|zscore k m
`;

const WITHOUT_KEYS = `
  client setname n|eval return 0|evalsha 0 0|exec|info server|ping|script load return|time
`;

/** Without these a dead or frozen worker is told by its silence alone. */
const HELPFUL = ['client list', 'client kill id 1'];

/** Two words name what is granted on its own. */
const CONTAINERS = new Set(['client', 'script', 'xinfo', 'cluster']);

const lines = (text: string) =>
  text
    .split(/[|\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** One right: what it is called in an ACL rule, and how it is tried. */
export interface Right {
  readonly name: string;
  readonly isNeeded: boolean;
  /** The command; null where it ends the transaction that it would be tried in. */
  readonly attempt: readonly string[] | null;
}

function nameOf([command = '', sub = '']: readonly string[]): string {
  return CONTAINERS.has(command) ? `${command}|${sub}` : command;
}

function wordsOf(line: string): string[] {
  const words = line.split(' ');
  if (words[0] === 'eval') return ['eval', 'return 0', '0'];
  return words[0] === 'script' ? ['script', 'load', 'return 0'] : words;
}

/** Every right that Millrace uses, tried on `key`. */
export function rightsOn(key: string, isCluster: boolean): Right[] {
  const right = (line: string, isNeeded: boolean): Right => {
    const words = wordsOf(line).map((word) => (word === 'k' ? key : word));
    return { name: nameOf(words), isNeeded, attempt: words[0] === 'exec' ? null : words };
  };
  const cluster = isCluster ? ['cluster slots', 'cluster info', 'asking', 'readonly'] : [];
  return [
    ...[...lines(ON_KEYS), ...lines(WITHOUT_KEYS), ...cluster].map((line) => right(line, true)),
    ...HELPFUL.map((line) => right(line, false)),
  ];
}

/** The rules of the least user that works, for `ACL SETUSER`; without its name and password. */
export function leastAclRules(prefix: string, isCluster: boolean, withHelpful = true): string[] {
  const rights = rightsOn('k', isCluster).filter(({ isNeeded }) => isNeeded || withHelpful);
  return [
    ...['resetchannels', `~${prefix}:*`, `~millrace:{${prefix}}:*`, '-@all', '+multi', '+discard'],
    ...rights.map(({ name }) => `+${name}`),
  ];
}
