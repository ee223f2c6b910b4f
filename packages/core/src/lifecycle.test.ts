import { expect, test } from 'vitest';
import { lifecycle, lifecycleGroup } from './lifecycle.ts';
import { lifecycleStress } from './testing/index.ts';

function counting() {
  const state = { running: false, starts: 0, stops: 0 };
  const life = lifecycle(
    async () => {
      state.starts++;
      await Promise.resolve();
      state.running = true;
    },
    async () => {
      state.stops++;
      state.running = false;
    },
  );
  return { ...life, state };
}

test('keeps its contract under every order of calls', async () => {
  await lifecycleStress(counting, (subject) => subject.state.running);
});

test('the stress finds a thing that runs on after its stop', async () => {
  const leaky = () => {
    const subject = counting();
    return { ...subject, stop: async () => undefined };
  };
  await expect(lifecycleStress(leaky, (subject) => subject.state.running)).rejects.toThrow(/after stop/);
});

test('a stop during a start waits for it', async () => {
  const subject = counting();
  await Promise.all([subject.start(), subject.stop()]);
  expect(subject.state).toEqual({ running: false, starts: 1, stops: 1 });
});

test('a group starts in order, stops in reverse, and undoes a start that failed half-way', async () => {
  const order: string[] = [];
  const part = (name: string, fails = false) =>
    lifecycle(
      async () => {
        order.push(`start ${name}`);
        if (fails) throw new Error(name);
      },
      async () => void order.push(`stop ${name}`),
    );
  const whole = lifecycleGroup([part('a'), part('b')]);
  await whole.start();
  await whole.stop();
  expect(order.splice(0)).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  await expect(lifecycleGroup([part('a'), part('b', true), part('c')]).start()).rejects.toThrow('b');
  expect(order).toEqual(['start a', 'start b', 'stop b', 'stop a']);
});

test('a part that fails to stop does not keep the others running', async () => {
  const stopped: string[] = [];
  const part = (name: string, fails: boolean) =>
    lifecycle(
      async () => undefined,
      async () => {
        stopped.push(name);
        if (fails) throw new Error(name);
      },
    );
  const whole = lifecycleGroup([part('a', false), part('b', true)]);
  await whole.start();
  await expect(whole.stop()).rejects.toThrow(AggregateError);
  expect(stopped).toEqual(['b', 'a']);
});
