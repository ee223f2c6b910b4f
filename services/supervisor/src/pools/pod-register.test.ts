import { expect, test } from 'vitest';
import { createPodRegister } from './pod-register.ts';

const pod = { id: 'default-1', pool: 'default', pid: 7, startedAtMs: 1 };
const restarts = () => ({ used: 0, intensity: 5, periodMs: 1 });

function register() {
  const weather = { is: false };
  const pods = createPodRegister(() => weather.is);
  pods.started(pod);
  const exit = (
    over: { code?: number | null; signal?: string | null; expected?: boolean } = {},
    nowMs = 100,
  ) => pods.exited({ id: pod.id, code: null, signal: null, atMs: nowMs, expected: false, ...over }, nowMs);
  return {
    ...pods,
    weather,
    exit,
    states: (nowMs = 100) => pods.statuses(restarts, nowMs).map((s) => s.state),
  };
}

test('how a pod ended says what it costs', () => {
  expect(register().exit({ code: 1 })).toBe('abnormal');
  expect(register().exit({ signal: 'SIGKILL' })).toBe('abnormal');
  expect(register().exit({ code: 0 })).toBe('normal');
  expect(register().exit({ code: 1, expected: true })).toBe('replaced');
});

test('the end of a pod that was to end costs nothing, as long as the order may still be its cause', () => {
  const soon = register();
  soon.asked(pod.id, 200);
  expect(soon.states()).toEqual(['draining']);
  expect(soon.exit({ code: 1 }, 199)).toBe('replaced');
  const late = register();
  late.asked(pod.id, 200);
  expect(late.states(200)).toEqual(['starting']);
  expect(late.exit({ code: 1 }, 200)).toBe('abnormal');
});

test('an end while the store is away is weather', () => {
  const { weather, exit, endOf, states } = register();
  weather.is = true;
  expect(exit({ code: 1 })).toBe('replaced');
  expect(endOf(pod.id)).toBe('replaced');
  expect(states()).toEqual([]);
});

test('a pod that fell is shown as down until another one of its pool runs', () => {
  const { exit, states, started } = register();
  exit({ code: 1 });
  expect(states()).toEqual(['down']);
  started({ ...pod, id: 'default-2' });
  expect(states()).toEqual(['starting']);
});

test('an end is none of the pod that came to its id later', async () => {
  const again = register();
  again.exit({ code: 1 });
  again.started(pod);
  expect(again.endOf(pod.id)).toBeNull();
  const listed = register();
  listed.exit({ code: 1 });
  expect(await listed.learn(async () => [pod])).toEqual([pod]);
  expect(listed.endOf(pod.id)).toBeNull();
});

test('what is heard while the list is on its way is newer than the list', async () => {
  const { exit, learn, started, endOf, isAlive } = register();
  const late = { ...pod, id: 'default-2' };
  const list = async () => {
    exit({ code: 1 });
    started(late);
    return [pod];
  };
  expect(await learn(list)).toEqual([late]);
  expect(endOf(pod.id)).toBe('abnormal');
  expect([isAlive(pod.id), isAlive(late.id)]).toEqual([false, true]);
});
