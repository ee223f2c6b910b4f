import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Cause } from '@millrace/measure';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { endBurner, startBurners } from '../../bench/chaos/burners.ts';
import { askStore } from '../../local/src/store/resp.ts';
import { configFile, type Launched, launch, type Ready, scratch } from '../support/launch.ts';
import { recordedRun, type WantedRun } from '../support/recorded-run.ts';
import { slowDisk } from '../support/slow-disk.ts';

const HANDLERS = fileURLToPath(new URL('../fixtures/handlers/diagnosed', import.meta.url));
const CONFIG = `
http: { port: 0, healthPort: 0 }
supervision: { healthPort: 0 }
worker: { processes: 2, cpuThreads: 1, healthPort: 0, nodeOptions: --max-semi-space-size=4 }
`;

let platform: Launched;
let ready: Ready;
let slow: Server;
let remove: () => Promise<void>;

beforeAll(async () => {
  const home = await scratch();
  remove = home.remove;
  slow = createServer((_, response) => setTimeout(() => response.end('at last'), 250)).listen(0, '127.0.0.1');
  await once(slow, 'listening');
  const args = ['--json', '--dir', home.dir, '--config', await configFile(home.dir, CONFIG)];
  platform = launch(args, { MILLRACE_HANDLERS: HANDLERS });
  ready = await platform.ready();
});
afterAll(async () => {
  platform?.process.kill('SIGTERM');
  await platform?.exit();
  slow?.close();
  await remove?.();
});

/** Causes that a run shows, the first first, and what was seen of them. */
async function causesOf(wanted: WantedRun): Promise<{ causes: readonly Cause[]; said: string }> {
  const { diagnosis } = await recordedRun(ready, wanted);
  const said = diagnosis.map(({ cause, evidence }) => `${cause}: ${evidence.join('; ')}`).join('\n');
  return { causes: diagnosis.map(({ cause }) => cause), said };
}

/** Causes that are told by times or by free CPU: others on the machine hide them, or look like them. */
const TIMED: ReadonlySet<Cause | undefined> = new Set<Cause>([
  ...(['noisy_host', 'blocked_event_loop', 'gc_pauses', 'store_saturated', 'slow_disk'] as const),
  ...(['too_many_workers', 'too_few_workers', 'slow_downstream', 'contended_aggregator'] as const),
]);

/** Others who take less of the machine than a rule would name can hide a timed cause all the same, for a while. */
const RUNS = 3;

/**
 * A run shows this cause first. Where others use the machine, causes that are counted are held to that all the same, and
 * none may be seen where none is; of those that are timed nothing can be said then.
 */
async function showsFirst(context: TestContext, cause: Cause | undefined, wanted: WantedRun): Promise<void> {
  const isTimed = cause === undefined || TIMED.has(cause);
  let { causes, said } = await causesOf(wanted);
  const isSilent = () => cause !== undefined && isTimed && causes.length === 0;
  for (let run = 2; run <= RUNS && isSilent(); run++) ({ causes, said } = await causesOf(wanted));
  if (!causes.includes('noisy_host') || causes[0] === cause) {
    expect(causes[0], said).toBe(cause);
    return;
  }
  expect(
    causes.find((one) => !TIMED.has(one)),
    said,
  ).toBe(isTimed ? undefined : cause);
  if (isTimed) context.skip(`others use the machine: ${said}`);
}

const downstream = () => ({ url: `http://127.0.0.1:${(slow.address() as AddressInfo).port}/` });

/** What each cause is provoked by. */
const SCENARIOS: readonly (readonly [Cause, () => WantedRun])[] = [
  ['blocked_event_loop', () => ({ parameters: { block_per_mille: 40, block_ms: 150 } })],
  ['gc_pauses', () => ({ queue: 'wasteful', data: {}, batch: 60 })],
  ['retry_storm', () => ({ parameters: { fail_per_mille: 600 } })],
  ['payload_too_large', () => ({ parameters: { payload_bytes: 60_000 } })],
  ['logging_storm', () => ({ queue: 'chatty', data: {} })],
  [
    'too_few_workers',
    () => ({ concurrency: 1, parameters: { sleep_min: 20, sleep_max: 20 }, batch: 16, bound: 5_000 }),
  ],
  [
    'too_many_workers',
    () => ({
      parameters: { work_min: 2e6, work_max: 2e6, sleep_min: 1, sleep_max: 1, compute_on: 'pool' },
      ...{ concurrency: 64, batch: 100 },
    }),
  ],
  ['slow_downstream', () => ({ queue: 'patient', data: downstream(), concurrency: 64, batch: 5 })],
  ['contended_aggregator', () => ({ readEveryMs: 900, offerMs: 5_000 })],
];

describe('a real run', () => {
  it('that is healthy has no diagnosis', (context) => showsFirst(context, undefined, {}));

  for (const [cause, wanted] of SCENARIOS)
    it(`of ${cause} names it first`, (context) => showsFirst(context, cause, wanted()));

  it('of a saturated store names that first', async (context) => {
    const over = new AbortController();
    // Work that others give it: 30 ms at a time, one after the other.
    const spin =
      'local t = redis.call("TIME"); repeat local n = redis.call("TIME") until (n[1]-t[1])*1e6+n[2]-t[2] > 30000';
    const busy = (async () => {
      while (!over.signal.aborted)
        await askStore(ready.store, [['EVAL', spin, '0']], AbortSignal.timeout(9_000));
    })();
    await showsFirst(context, 'store_saturated', { batch: 4 }).finally(() => {
      over.abort();
      return busy;
    });
  });

  it('of a store with a slow disk names that first', async (context) => {
    const [info] = await askStore(ready.store, [['INFO', 'server']], AbortSignal.timeout(9_000));
    const pid = Number(/process_id:(\d+)/.exec(String(info))?.[1]);
    const disk = await slowDisk(pid, 60);
    if (disk === null) context.skip('no strace here that may slow down the store');
    await showsFirst(context, 'slow_disk', { batch: 4 }).finally(() => disk?.stop());
  });

  it('beside others on the machine names the noise', async () => {
    const burners = await startBurners(process.execPath, 6);
    const run = causesOf({}).finally(() => Promise.all(burners.map(endBurner)));
    expect((await run).causes[0]).toBe('noisy_host');
  });

  it('of a producer that nothing stops names it first', (context) => {
    const parameters = { sleep_mul: 4 };
    const wanted = { bound: 1_000_000, concurrency: 4, batch: 400, parameters };
    return showsFirst(context, 'unbounded_producer', wanted);
  });
});
