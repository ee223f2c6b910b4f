import {
  compileConfig,
  ManualClock,
  type PodStatus,
  silentLog,
  type WorkerCommand,
  type WorkerStatus,
} from '@millrace/core';
import { expect, test } from 'vitest';
import { createCommands } from './commands.ts';

type Kind = WorkerCommand['kind'];

interface Situation {
  readonly linked?: readonly string[];
  /** The cluster runs the pod. */
  readonly manages?: boolean;
  readonly leads?: boolean;
  readonly states?: Readonly<Record<string, WorkerStatus['state']>>;
  readonly podState?: PodStatus['state'];
}

/** A replica of which all that it does is in `told`. */
function replica({ linked = [], manages = false, leads = true, states = {}, podState }: Situation) {
  const told: string[] = [];
  const clock = new ManualClock();
  const now = { leads };
  const cluster = (what: string) => (id: string) => {
    if (manages) told.push(`cluster: ${what} ${id}`);
    return manages;
  };
  const commands = createCommands({
    config: compileConfig({}, 'supervision: {leaseMs: 3000}'),
    leads: () => now.leads,
    links: {
      order(id, order) {
        if (linked.includes(id)) told.push(`${id}: ${order.type} ${order.worker}`);
        return linked.includes(id);
      },
    },
    keeper: {
      asked: (id) => void told.push(`asked: ${id}`),
      drain: cluster('drain'),
      kill: cluster('kill'),
      resume: (id) => told.push(`resume: ${id}`) > 0,
    },
    worker: (id) => (id.startsWith('w') ? { pod: 'pod', state: states[id] ?? 'running' } : undefined),
    isPod: (id) => id === 'pod',
    podState: (id) => (id === 'pod' ? podState : undefined),
    clock,
    log: silentLog,
  });
  const take = (kind: Kind, worker: string) => commands.take({ kind, worker, by: 'me', atMs: 1 });
  return { ...commands, told, clock, now, order: take };
}

function run(kind: Kind, worker: string, linked: readonly string[], manages = false) {
  const { order, told } = replica({ linked, manages });
  order(kind, worker);
  return told;
}

test('a drain goes to the worker, or through its pod when it is not linked', () => {
  expect(run('drain', 'w1', ['w1', 'pod'])).toEqual(['w1: drain w1']);
  expect(run('drain', 'w1', ['pod'])).toEqual(['pod: drain w1']);
});

test('a kill goes to the parent: who must be killed may not listen', () => {
  expect(run('kill', 'w1', ['w1', 'pod'])).toEqual(['pod: kill w1']);
});

test('a pod is ended by whoever runs it, whose word reaches it without a link', () => {
  expect(run('drain', 'pod', ['pod'], true)).toEqual(['asked: pod', 'cluster: drain pod']);
  expect(run('kill', 'pod', [], true)).toEqual(['asked: pod', 'cluster: kill pod']);
});

test('a pod that nobody here runs is told over its link', () => {
  expect(run('drain', 'pod', ['pod'])).toEqual(['asked: pod', 'pod: drain pod']);
  expect(run('kill', 'pod', ['pod'])).toEqual(['asked: pod', 'pod: kill pod']);
});

test('a pool is resumed by its keeper', () => {
  expect(run('resume-pool', 'default', [])).toEqual(['resume: default']);
});

test('a command for nobody reaches nobody', () => {
  expect(run('kill', 'stranger', ['w1', 'pod'])).toEqual([]);
});

test('who does not lead passes nothing on, but knows of every end that is asked for', () => {
  const { order, told } = replica({ linked: ['w1', 'pod'], manages: true, leads: false });
  order('drain', 'w1');
  order('drain', 'pod');
  expect(told).toEqual(['asked: pod']);
});

test('who comes to lead does what the last leader may not have come to, once', () => {
  const states = { w2: 'draining', w3: 'dead' } as const;
  const { order, told, now, gain } = replica({ linked: ['w1', 'w2', 'w3', 'pod'], leads: false, states });
  for (const worker of ['w1', 'w2', 'w3']) order('drain', worker);
  now.leads = true;
  gain();
  gain();
  expect(told).toEqual(['w1: drain w1']);
});

test.each([
  ['draining', ['kill']],
  ['running', ['drain', 'kill']],
  [undefined, ['drain', 'kill']],
] as const)('and to a pod that is %s, what of a drain and a kill it has not heeded', (podState, passed) => {
  const { order, told, now, gain } = replica({ manages: true, leads: false, ...(podState && { podState }) });
  for (const kind of ['drain', 'kill'] as const) order(kind, 'pod');
  told.splice(0);
  now.leads = true;
  gain();
  expect(told).toEqual(passed.map((kind) => `cluster: ${kind} pod`));
});

test('what was said long ago is the last leader’s', () => {
  const { order, told, now, gain, clock } = replica({ linked: ['w1'], leads: false });
  order('drain', 'w1');
  clock.advance(6_000);
  now.leads = true;
  gain();
  expect(told).toEqual([]);
});
