import { newStartId } from '@millrace/core';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeUser, type StoreUser } from '../../../../tests/support/least-user.ts';
import { jobs, type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { testStore, uniquePrefix } from '../../../../tests/support/store.ts';
import { liveThrough } from '../../../../tests/support/store-life.ts';
import { leastAclRules } from './rights.ts';

let admin: Redis;
let bench: QueueBench;
const users: StoreUser[] = [];
beforeAll(() => {
  admin = new Redis(testStore().url);
});
afterEach(async () => {
  await bench.close();
  for (const user of users.splice(0)) await user.remove();
});
afterAll(() => admin.disconnect());

/** A bench whose user has these rules, made for its prefix. */
async function open(rules: (prefix: string) => string[]): Promise<QueueBench> {
  const prefix = uniquePrefix();
  const user = await makeUser(admin, prefix, rules(prefix));
  users.push(user);
  const { username, passwordFile } = user;
  const { url } = testStore();
  bench = queueBench('', { url, settings: { url, username, passwordFile, prefix } });
  return bench;
}
const least = (prefix: string) => leastAclRules(prefix, false);

describe('the least user', () => {
  test('can do everything that Millrace does, and is never denied anything', async () => {
    await liveThrough(await open(least));
    const denials = (await admin.call('ACL', 'LOG', '1000')) as string[][];
    const name = users[0]?.username as string;
    expect(denials.filter((denial) => denial[denial.indexOf('username') + 1] === name)).toEqual([]);
  });

  test('can do nothing outside its prefix, and nothing to the server', async () => {
    await open(least);
    const own = new Redis(testStore().url, {
      username: users[0]?.username as string,
      password: users[0]?.password as string,
    });
    for (const command of [
      ['get', 'other:key'],
      ['config', 'get', '*'],
      ['flushall'],
      ['keys', '*'],
      ['acl', 'list'],
    ]) {
      await expect(own.call(command[0] as string, ...command.slice(1))).rejects.toThrow('NOPERM');
    }
    own.disconnect();
  });

  test('without the client list’s rights works too, is told so, and nobody counts as gone', async () => {
    const { store, consumer } = await open((prefix) => leastAclRules(prefix, false, false));
    const made = await store('patient');
    const { warnings } = await made.check();
    expect(warnings.join()).toContain('may not call client|list and client|kill');
    const startId = newStartId('pod');
    await consumer({ startId }).start();
    await expect(made.supervision.connectionsOf([startId])).rejects.toThrow('NOPERM');
    // Its marker is put back all the same.
    await made.queue('work').add(jobs(1));
    expect(await made.supervision.cutBlockingOf(new Map([[startId, ['work']]]))).toBe(0);
    await until(async () => (await made.queue('work').snapshot()).counts.completed === 1, 'it ran');
  });

  test('is told every right that it lacks, by its name, until it has them; nothing is done by asking', async () => {
    const { store, prefix, redis } = await open((prefix) => [
      ...least(prefix),
      '-zadd',
      '-script|load',
      '-evalsha',
    ]);
    const made = await store('patient');
    await expect(made.check()).rejects.toMatchObject({
      code: 'store_unfit',
      details: { lacks: ['zadd', 'evalsha', 'script|load'] },
    });
    expect(await redis.keys(`*${prefix}*`)).toEqual([]);
    await admin.call('ACL', 'SETUSER', users[0]?.username as string, '+zadd', '+script|load', '+evalsha');
    await made.check();
  });

  test.each([
    ['the queues’ keys', (prefix: string) => `~millrace:{${prefix}}:*`],
    ['the installation’s keys', (prefix: string) => `~${prefix}:*`],
  ])('that may not touch %s is refused', async (_, only) => {
    const made = await (await open((prefix) => [...least(prefix), 'resetkeys', only(prefix)])).store(
      'patient',
    );
    await expect(made.check()).rejects.toMatchObject({ code: 'store_unfit' });
  });

  test('that may not open a transaction is refused before anything is tried outside of one', async () => {
    const { store, redis, prefix } = await open((prefix) => [...least(prefix), '-multi']);
    const made = await store('patient');
    await expect(made.check()).rejects.toMatchObject({ details: { lacks: ['multi', 'discard'] } });
    expect(await redis.keys(`*${prefix}*`)).toEqual([]);
  });
});

test('a password that is changed in its file is used at the next dial', async () => {
  const { store } = await open(least);
  const made = await store('patient');
  const [user] = users as [StoreUser];
  const { writeFile } = await import('node:fs/promises');
  await writeFile(user.passwordFile, 'second\n');
  await admin.call('ACL', 'SETUSER', user.username, 'resetpass', '>second');
  await admin.client('KILL', 'USER', user.username);
  await until(() => !made.connected, 'it was cut');
  await until(() => made.connected, 'it is back with the new password');
  await made.check();
});

test('a password file that is not there is a fault of the configuration, by its name', async () => {
  bench = queueBench('', {
    url: testStore().url,
    settings: { url: testStore().url, passwordFile: '/no/such' },
  });
  expect(() => bench.openStore()).toThrow(/redis\.passwordFile names a file that cannot be read/);
});
