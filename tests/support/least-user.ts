import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { leastAclRules } from '../../packages/queue/src/connection/rights.ts';

/** A user of the store, and the file that holds the password. */
export interface StoreUser {
  readonly username: string;
  readonly password: string;
  readonly passwordFile: string;
  remove(): Promise<void>;
}

/** Makes a user with these rules (default: the least that works for `prefix`), as an operator would. */
export async function makeUser(
  redis: Redis,
  prefix: string,
  rules: readonly string[] = leastAclRules(prefix, false),
): Promise<StoreUser> {
  const [username, password] = [`u${randomBytes(4).toString('hex')}`, randomBytes(12).toString('hex')];
  await redis.call('ACL', 'SETUSER', username, 'on', `>${password}`, ...rules);
  const dir = await mkdtemp(join(tmpdir(), 'millrace-user-'));
  const passwordFile = join(dir, 'password');
  await writeFile(passwordFile, `${password}\n`);
  return {
    username,
    password,
    passwordFile,
    async remove() {
      await redis.call('ACL', 'DELUSER', username);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
