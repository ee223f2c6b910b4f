import { FlowProducer } from 'bullmq';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CompletionBench, completionBench, ok } from '../../../../tests/support/completions.ts';
import { gate, until } from '../../../../tests/support/queue.ts';

// What a set leaves to the stock script, or judges as it does.
let at: CompletionBench;
beforeEach(async () => {
  at = await completionBench();
});
afterEach(() => at.close());

test('a child’s end lets its parent run, with the child’s value', async () => {
  const flows = new FlowProducer(at.stockOptions);
  const children = [1, 2, 3].map((n) => ({ name: 'child', queueName: 'work', data: { n } }));
  const { job: parent } = await flows.add({ name: 'parent', queueName: 'work', data: {}, children });
  const seen: string[] = [];
  const run = async ({ name }: { name: string }) => {
    seen.push(name);
    return ok(name);
  };
  await at.bench.consumer({ run }).start();
  await until(async () => (await at.stock.getCompletedCount()) === 4, 'all are done');
  expect(seen).toEqual(['child', 'child', 'child', 'parent']);
  expect(Object.values(await parent.getChildrenValues())).toEqual(['child', 'child', 'child']);
  await flows.close();
});

test('a parent that a job gets while it runs hears of its end', async () => {
  await at.queue.pause();
  await at.stock.add('job', {}, { jobId: 'late' });
  await at.queue.resume();
  const { hold } = await at.holding(1);
  const flows = new FlowProducer(at.stockOptions);
  const children = [{ name: 'job', queueName: 'work', opts: { jobId: 'late' } }];
  await flows.add({ name: 'parent', queueName: 'work', data: {}, children });
  hold.finishAll(ok());
  await until(() => hold.started.size === 2, 'the parent runs');
  await flows.close();
});

test('a job whose record is broken harms no other', async () => {
  await at.queue.pause();
  const [first = '', broken = '', last = ''] = await at.ids(3);
  await at.bench.redis.del(at.keys.job(broken));
  await at.bench.redis.set(at.keys.job(broken), 'no hash');
  await at.queue.resume();
  const ran = new Set<string>();
  const run = async ({ id }: { id: string }) => {
    ran.add(id);
    return ok();
  };
  await at.bench.consumer({ run }).start();
  await until(() => ran.has(first) && ran.has(last), 'the others have run');
});

test('a deduplicated job’s end frees its id', async () => {
  const options = { deduplication: { id: 'one' } };
  const first = await at.stock.add('job', {}, options);
  expect((await at.stock.add('job', {}, options)).id).toBe(first.id);
  await at.bench.consumer({ run: async () => ok() }).start();
  await until(async () => (await at.stock.getCompletedCount()) === 1, 'it is done');
  expect((await at.stock.add('job', {}, options)).id).not.toBe(first.id);
});

test('prioritized jobs come after those that wait, and due delayed ones too', async () => {
  await at.queue.pause();
  await at.stock.add('low', {}, { priority: 5 });
  await at.stock.add('high', {}, { priority: 1 });
  await at.stock.add('waits', {});
  await at.stock.add('due', {}, { delay: 1 });
  const order: string[] = [];
  const run = async ({ name }: { name: string }) => {
    order.push(name);
    return ok();
  };
  await at.bench.consumer({ concurrency: 1, run }).start();
  await at.queue.resume();
  await until(() => order.length === 4, 'all have run');
  expect(order.slice(2)).toEqual(['high', 'low']);
  expect(order.slice(0, 2).toSorted()).toEqual(['due', 'waits']);
});

test('a queue’s own limit of jobs at once holds, also when several end together', async () => {
  await at.stock.setGlobalConcurrency(2);
  await at.ids(8);
  const hold = gate();
  await at.bench.consumer({ concurrency: 8, run: hold.run }).start();
  for (let ran = 2; ran <= 8; ran += 2) {
    await until(() => hold.started.size === ran, `${ran} have started`);
    expect(await at.bench.redis.llen(at.keys.active)).toBe(2);
    hold.finishAll(ok());
  }
  await until(async () => (await at.stock.getCompletedCount()) === 8, 'all are done');
});

test('a paused queue gives nothing', async () => {
  await at.ids(6);
  const { hold } = await at.holding(3);
  await at.queue.pause();
  hold.finishAll(ok());
  await until(async () => (await at.stock.getCompletedCount()) === 3, 'three are done');
  expect(hold.started.size).toBe(3);
  expect(await at.stock.getJobCounts('active', 'wait')).toEqual({ active: 0, wait: 3 });
});
