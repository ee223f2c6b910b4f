import { Readable } from 'node:stream';
import { systemClock } from '@millrace/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { until } from '../../../tests/support/queue.ts';
import { exampleRecovery } from '../testing/death-examples.ts';
import { examplePool, exampleTree, openPool } from '../testing/examples.ts';
import { type Ran, runCommand } from '../testing/host.ts';

let bench: ProducerBench;
beforeEach(async () => {
  bench = await producerBench('queue: {bound: 5}');
});
afterEach(() => bench.close());

const run = (...argv: string[]): Promise<Ran> => runCommand(bench.url, argv);
const ask = (answer: string, ...argv: string[]): Promise<Ran> =>
  runCommand(bench.url, argv, {
    stdin: Readable.from([`${answer}\n`]),
    isInteractive: { input: true, output: true, errors: true },
  });
const snapshot = (queue = 'work') => bench.store.queue(queue).snapshot();

/** Jobs `1` … that failed for good. */
async function deadLetters(count: number): Promise<void> {
  const consumer = bench.queues.consumer({
    run: async () => ({ kind: 'fail', error: new Error('no such page'), retry: false }),
  });
  await consumer.start();
  for (let n = 1; n <= count; n++) {
    await bench.post('work', { name: 'fetch', data: { n } });
    await until(async () => (await snapshot()).counts.failed === n, 'it failed');
  }
  await consumer.stop();
}

describe('dlq list and show', () => {
  it('say that there are none, and which queue may be meant', async () => {
    expect(await run('dlq', 'list')).toMatchObject({ code: 0, out: 'No dead letters.\n' });
    expect((await run('dlq', 'list', 'work', '-r', 'poison')).out).toBe(
      'No dead letters with the reason poison.\n',
    );
    const { code, err } = await run('dlq', 'list', 'wrk');
    expect(code).toBe(1);
    expect(err).toMatch(/did you mean "work"\?/i);
  });

  it('list one queue, all, a reason, a page; every answer as JSON too', async () => {
    await deadLetters(3);
    const table = await run('dlq', 'list', 'work', '-n', '2');
    expect(table.out).toMatch(/^ID +NAME +REASON .*\n3 +fetch +final +0 +1 .*no such page\n2 /);
    const [, cursor = ''] = /--cursor (\S+)/.exec(table.err) ?? [];
    expect((await run('dlq', 'list', 'work', '-n', '2', '--cursor', cursor)).out).toMatch(/\n1 +fetch/);
    expect((await run('dlq', 'list')).out).toMatch(/^ID +QUEUE +NAME/);
    expect((await run('dlq', 'list', 'work', '-r', 'attempts')).out).toContain('No dead letters');
    const { letters } = JSON.parse((await run('dlq', 'list', 'work', '--json')).out);
    expect(letters.map(({ id }: { id: string }) => id)).toEqual(['3', '2', '1']);
    expect((await run('dlq', 'show', 'work', '2')).out).toMatch(
      /^dead letter +work\/2\nname +fetch\nreason +final: /,
    );
    expect(JSON.parse((await run('dlq', 'show', 'work', '2', '--json')).out)).toMatchObject({
      id: '2',
      data: { n: 2 },
    });
    expect((await run('dlq', 'show', 'work', '99')).err).toContain('has no dead letter "99"');
  });
});

describe('dlq replay', () => {
  it('runs letters again once, and says which are none', async () => {
    await deadLetters(2);
    const first = await run('dlq', 'replay', 'work', '1', '2', '77');
    expect(first.code).toBe(1);
    expect(first.out).toBe(
      'Replayed dead letter 1 of work as job 3.\nReplayed dead letter 2 of work as job 4.\n1 dead letter not found: 77.\n',
    );
    expect((await run('dlq', 'replay', 'work', '1')).out).toContain('as job 3.');
    expect(await run('dlq', 'replay', 'work', '--all', '--yes')).toMatchObject({
      code: 0,
      out: 'No dead letters of work to replay.\n',
    });
    expect((await snapshot()).depth).toBe(2);
  });

  it('stops at the bound, tells what is left, and goes on with it later', async () => {
    await deadLetters(3);
    await bench.call('PATCH', '/v1/queues/work', { bound: 2 });
    const { code, out } = await run('dlq', 'replay', 'work', '--reason', 'final', '-y', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      queue: 'work',
      deed: 'replay',
      done: [
        { letter: '1', job: '4' },
        { letter: '2', job: '5' },
      ],
      left: ['3'],
      problem: { code: 'queue_full' },
    });
    await bench.call('PATCH', '/v1/queues/work', { bound: 5 });
    expect((await run('dlq', 'replay', 'work', '--all', '-y')).out).toBe(
      'Replayed dead letter 3 of work as job 6.\n',
    );
  });

  it('tells why a pool that is down takes none', async () => {
    await deadLetters(1);
    const circuit = { pool: 'default', reason: 'It gave up.', sinceMs: 1, retryAtMs: null };
    await bench.store.supervision.setCircuit('work', circuit);
    const { code, err } = await run('dlq', 'replay', 'work', '1');
    expect(code).toBe(1);
    expect(err).toContain('It gave up.');
    expect((await run('queues')).out).toMatch(/^work .*circuit open$/m);
  });
});

describe('dlq discard', () => {
  it('asks a person, and a program must say --yes for more than what it names', async () => {
    await deadLetters(2);
    const refused = await ask('n', 'dlq', 'discard', 'work', '--all');
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('Throw away 2 dead letters of work for good? [y/N]');
    expect(await run('dlq', 'discard', 'work', '--all')).toMatchObject({ code: 2 });
    expect((await snapshot()).counts.failed).toBe(2);
    expect((await run('dlq', 'discard', 'work', '1')).out).toBe('Discarded dead letter 1 of work.\n');
    expect((await ask('y', 'dlq', 'discard', 'work', '--all')).out).toBe(
      'Discarded dead letter 2 of work.\n',
    );
    expect((await snapshot()).counts.failed).toBe(0);
  });
});

describe('pools and deaths', () => {
  const publish = async () => {
    const atMs = systemClock.nowMs();
    const open = openPool();
    const circuit = open.circuit && { ...open.circuit, sinceMs: atMs - 12_000, retryAtMs: atMs + 60_000 };
    const { supervisor } = exampleTree();
    const pools = [examplePool(), { ...open, circuit }];
    await bench.store.board.publishStatus({ atMs, supervisor, pods: [], workers: [], pools } as never);
  };

  it('are shown, and resumed by name', async () => {
    expect((await run('pools')).out).toBe('No pools are known: no supervisor speaks.\n');
    await publish();
    const { out } = await run('pools');
    expect(out).toMatch(/^images +open +0\/1/m);
    expect(out).toMatch(/One pod is tried in \d+\.\d s\. At once: millrace pools resume images/);
    expect(JSON.parse((await run('pools', '--json')).out).pools).toHaveLength(2);
    expect((await run('pools', 'resume', 'images')).out).toContain('Told to start pool images as a whole.');
    const wrong = await run('pools', 'resume', 'image');
    expect(wrong.code).toBe(1);
    expect(wrong.err).toContain('did you mean "images"?');
    expect((await run('tree')).out).toMatch(/pool images {2}open.*\n.*circuit open for 12/);
  });

  it('are offered to the shell', async () => {
    await publish();
    await deadLetters(1);
    const offered = async (...line: string[]) => (await run('__complete', '--', ...line)).out;
    expect(await offered('pools', 'resume', '')).toBe('default\trunning\nimages\topen\n');
    expect(await offered('dlq', 'show', 'work', '')).toBe('1\tfinal, fetch\n');
  });

  it('of one worker are shown in detail', async () => {
    await bench.store.board.saveRecovery(exampleRecovery() as never);
    expect((await run('recoveries')).out).toMatch(/0a1b2c3d +killed +unknown/);
    const { code, out } = await run('recoveries', '0a1b');
    expect(code).toBe(0);
    expect(out).toMatch(/^worker +pod-1\.0a1b2c3d4e5f6071\n/);
    expect(await run('recoveries', 'nobody')).toMatchObject({ code: 1 });
  });
});
