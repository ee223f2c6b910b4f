import { describe, expect, test } from 'vitest';
import { imaginedCluster } from './testing.ts';

const limits = 'intensity: 2, periodMs: 10000, openMs: 1000, trialMs: 2000, backoffMs: 200';
const one = (pool = 'pods: 1') => `{supervision: {${limits}}, pools: {default: {${pool}}}}`;
const tied = (strategy: string) => `
supervision: {${limits}, strategy: ${strategy}}
pools: {cache: {pods: 1, queues: [cache]}, mail: {pods: 2, queues: [mail]}, video: {pods: 1, queues: [video]}}
`;

function started(yaml: string) {
  const cluster = imaginedCluster(yaml);
  cluster.start();
  cluster.done();
  return cluster;
}

describe('one pool', () => {
  test('gets all its pods at once, and that costs nothing of the budget', () => {
    const cluster = imaginedCluster(one('pods: 3'));
    cluster.start();
    expect(cluster.states()).toEqual(['default running 3']);
    expect(cluster.status()[0]?.restarts).toEqual({ used: 0, intensity: 2, periodMs: 10_000 });
  });

  test('its first death is made good at once, the next after a while', () => {
    const cluster = started(one());
    cluster.die('default');
    expect(cluster.done()).toEqual(['restarted default', 'create default']);
    cluster.die('default');
    expect(cluster.done()).toEqual(['restarted default']);
    cluster.pass(150);
    expect(cluster.done()).toEqual([]);
    cluster.pass(50);
    expect(cluster.done()).toEqual(['create default']);
    expect(cluster.status()[0]?.restarts.used).toBe(2);
  });

  test('deaths that lie further apart than the period never spend the budget', () => {
    const cluster = started(one());
    for (let round = 0; round < 20; round++) {
      cluster.die('default');
      cluster.jump(10_001);
    }
    expect(cluster.states()).toEqual(['default running 1']);
  });

  test('an end that was asked for is made good and costs nothing', () => {
    const cluster = started(one());
    for (let round = 0; round < 20; round++) cluster.end('default', 'replaced');
    cluster.settle();
    expect(cluster.states()).toEqual(['default running 1']);
    expect(cluster.status()[0]?.restarts.used).toBe(0);
  });

  test('its own strategy: all go with one', () => {
    const cluster = started(one('pods: 3, strategy: one_for_all'));
    cluster.die('default');
    expect(cluster.done().filter((line) => line !== 'restarted default')).toEqual([
      'remove default',
      'remove default',
      'create default',
      'create default',
      'create default',
    ]);
  });

  test.each([
    ['transient', 'normal', 'default stopped 0'],
    ['transient', 'abnormal', 'default running 1'],
    ['temporary', 'abnormal', 'default stopped 0'],
    ['permanent', 'normal', 'default running 1'],
  ] as const)('%s pods and a %s end', (restart, end, expected) => {
    const cluster = started(one(`pods: 1, restart: ${restart}`));
    cluster.end('default', end);
    cluster.settle();
    expect(cluster.states()).toEqual([expected]);
  });

  test('is started again by a resume when its temporary pods have all died', () => {
    const cluster = started(one('pods: 2, restart: temporary'));
    cluster.die('default');
    cluster.die('default');
    expect(cluster.states()).toEqual(['default stopped 0']);
    cluster.tell({ type: 'resume', pool: 'default' });
    cluster.settle();
    expect(cluster.states()).toEqual(['default running 2']);
  });

  test('may have a budget of its own', () => {
    const cluster = started(one('pods: 1, intensity: 0'));
    cluster.die('default');
    expect(cluster.states()).toEqual(['default open 0']);
  });
});

describe('a pool that gives up', () => {
  test('ends its pods and opens the circuit of its queues, with a reason', () => {
    const cluster = started(one('pods: 2'));
    cluster.ruin('default');
    expect(cluster.states()).toEqual(['default open 0']);
    expect(cluster.openQueues()).toEqual(['mail', 'video']);
    expect(cluster.circuits().get('mail')).toMatchObject({
      pool: 'default',
      reason: 'Pods of pool "default" died more than 2 times in 10 s. One pod is tried again after 1 s.',
    });
  });

  test('opens the circuit before its last pod has ended', () => {
    const cluster = started(one('pods: 2'));
    for (let round = 0; round < 3; round++) {
      cluster.pass(1_000);
      cluster.end('default');
      if (round < 2) cluster.settle();
    }
    expect(cluster.podsOf('default')).toHaveLength(1);
    expect(cluster.openQueues()).toEqual(['mail', 'video']);
  });

  test('tries one pod; when that lives long enough all are started', () => {
    const cluster = started(one('pods: 3'));
    cluster.ruin('default');
    cluster.pass(1_000);
    expect(cluster.states()).toEqual(['default half-open 1']);
    expect(cluster.openQueues()).toEqual([]);
    cluster.pass(1_950);
    expect(cluster.states()).toEqual(['default half-open 1']);
    cluster.pass(50);
    expect(cluster.states()).toEqual(['default running 3']);
    expect(cluster.status()[0]?.restarts.used).toBe(0);
  });

  test('whose trials fail waits twice as long each time, and five minutes at most', () => {
    const cluster = started(one());
    cluster.ruin('default');
    const waits: number[] = [];
    for (let round = 0; round < 12; round++) {
      const { retryAtMs } = cluster.circuits().get('mail') ?? {};
      waits.push((retryAtMs ?? 0) - cluster.nowMs);
      cluster.jump(waits.at(-1) ?? 0);
      cluster.tell({ type: 'tick' });
      cluster.settle();
      expect(cluster.state('default')).toBe('half-open');
      cluster.die('default');
    }
    expect(waits.slice(1, 5)).toEqual([2_000, 4_000, 8_000, 16_000]);
    expect(waits.at(-1)).toBe(300_000);
    expect(cluster.circuits().get('mail')?.reason).toContain('The trial pod of pool "default" died.');
  });

  test('a trial pod that somebody replaces has to live as long once more', () => {
    const cluster = started(one());
    cluster.ruin('default');
    cluster.pass(2_000);
    cluster.end('default', 'replaced');
    cluster.settle();
    cluster.pass(1_950);
    expect(cluster.state('default')).toBe('half-open');
    cluster.pass(50);
    expect(cluster.state('default')).toBe('running');
  });

  test('soon after a heal goes on where it was; long after it, anew', () => {
    const cluster = started(one());
    const waitMs = () => (cluster.circuits().get('mail')?.retryAtMs ?? 0) - cluster.nowMs;
    const heal = () => cluster.pass(8_000);
    cluster.ruin('default');
    heal();
    cluster.ruin('default');
    expect(waitMs()).toBeGreaterThan(1_500);
    heal();
    cluster.pass(60_000);
    cluster.ruin('default');
    expect(waitMs()).toBeLessThanOrEqual(1_000);
  });

  test('is whole at once when it is resumed, also during the trial', () => {
    for (const waitMs of [0, 1_100]) {
      const cluster = started(one('pods: 2'));
      cluster.ruin('default');
      cluster.pass(waitMs);
      cluster.tell({ type: 'resume', pool: 'default' });
      cluster.settle();
      expect(cluster.states()).toEqual(['default running 2']);
      expect(cluster.openQueues()).toEqual([]);
    }
  });

  test('a pod that cannot be started is an escalation, too', () => {
    const cluster = imaginedCluster(one());
    cluster.takeOver();
    cluster.end('default');
    expect(cluster.states()).toEqual(['default open 0']);
    expect(cluster.circuits().get('mail')?.reason).toContain('could not be started');
  });

  test('a clock that was set back delays a trial by no more than its wait', () => {
    const cluster = started(one());
    cluster.ruin('default');
    cluster.jump(-3_600_000);
    cluster.pass(1_050);
    expect(cluster.state('default')).toBe('half-open');
    cluster.jump(-3_600_000);
    cluster.pass(2_050);
    expect(cluster.state('default')).toBe('running');
  });
});

describe('circuits', () => {
  test('a queue that another pool still serves stays open to jobs', () => {
    const cluster = started(`
supervision: {${limits}}
pools: {both: {pods: 1, queues: [mail, video]}, mail: {pods: 1, queues: [mail]}}
`);
    cluster.ruin('both');
    expect(cluster.openQueues()).toEqual(['video']);
    cluster.ruin('mail');
    expect(cluster.openQueues()).toEqual(['mail', 'video']);
    cluster.tell({ type: 'resume', pool: 'mail' });
    expect(cluster.openQueues()).toEqual(['video']);
  });

  test('a pool without pods neither serves nor gives up', () => {
    const cluster = started(`
supervision: {${limits}}
pools: {mail: {pods: 1, queues: [mail]}, none: {pods: 0}}
`);
    expect(cluster.states()).toEqual(['mail running 1', 'none stopped 0']);
    cluster.ruin('mail');
    expect(cluster.openQueues()).toEqual(['mail']);
  });
});

describe('the strategy over the pools', () => {
  test('one_for_one: the others do not notice', () => {
    const cluster = started(tied('one_for_one'));
    cluster.ruin('mail');
    expect(cluster.states()).toEqual(['cache running 1', 'mail open 0', 'video running 1']);
    expect(cluster.openQueues()).toEqual(['mail']);
  });

  test('rest_for_one: later pools end, last first, and start again after the trial; earlier ones live on', () => {
    const cluster = started(tied('rest_for_one'));
    const [cache] = cluster.podsOf('cache');
    cluster.ruin('mail');
    cluster.pass(500);
    expect(cluster.states()).toEqual(['cache running 1', 'mail open 0', 'video waiting 0']);
    expect(cluster.openQueues()).toEqual(['mail', 'video']);
    const trialAtMs = cluster.circuits().get('mail')?.retryAtMs ?? 0;
    expect(cluster.circuits().get('video')).toMatchObject({ pool: 'video', retryAtMs: trialAtMs + 2_000 });
    expect(cluster.circuits().get('video')?.reason).toContain('waits for pool "mail"');
    cluster.pass(1_000);
    expect(cluster.states()).toEqual(['cache running 1', 'mail half-open 1', 'video waiting 0']);
    expect(cluster.openQueues()).toEqual(['video']);
    cluster.done();
    cluster.pass(2_000);
    expect(cluster.states()).toEqual(['cache running 1', 'mail running 2', 'video running 1']);
    expect(cluster.done()).toEqual(['create mail', 'healed mail', 'create video', 'started video']);
    expect(cluster.podsOf('cache')).toEqual([cache]);
    expect(cluster.openQueues()).toEqual([]);
  });

  test('rest_for_one: the end of the last pool’s pods comes before that of the one before it', () => {
    const cluster = started(tied('rest_for_one'));
    cluster.ruin('cache');
    expect(cluster.done().filter((line) => line.startsWith('remove'))).toEqual([
      'remove video',
      'remove mail',
      'remove mail',
    ]);
  });

  test('one_for_all: every other pool ends, and all start again', () => {
    const cluster = started(tied('one_for_all'));
    cluster.ruin('mail');
    expect(cluster.states()).toEqual(['cache waiting 0', 'mail open 0', 'video waiting 0']);
    cluster.pass(4_000);
    expect(cluster.states()).toEqual(['cache running 1', 'mail running 2', 'video running 1']);
  });

  test.each(['rest_for_one', 'one_for_all'])(
    '%s: two in trouble do not wait for each other for ever, though the strategy came after the trouble',
    (strategy) => {
      const before = started(tied('one_for_one'));
      before.ruin('cache');
      before.ruin('video');
      const cluster = imaginedCluster(tied(strategy));
      cluster.takeOver([], {}, before.tree);
      expect(cluster.states()).toEqual(['cache open 0', 'mail waiting 0', 'video open 0']);
      cluster.pass(2_000);
      expect(cluster.states()).toEqual(['cache half-open 1', 'mail waiting 0', 'video open 0']);
      cluster.pass(10_000);
      expect(cluster.states()).toEqual(['cache running 1', 'mail running 2', 'video running 1']);
    },
  );

  test('they start in order: a pool waits until those before it run', () => {
    const cluster = imaginedCluster(tied('rest_for_one'));
    cluster.takeOver();
    expect(cluster.done()).toEqual(['create cache', 'started cache']);
    cluster.settle();
    expect(cluster.done().filter((line) => line.startsWith('create'))).toEqual([
      'create mail',
      'create mail',
      'create video',
    ]);
  });
});
