import type { Options } from 'k6/options';
import { call, type TimedAnswer } from './client.ts';
import { closeLedger } from './ledger.ts';
import { PROFILES, type ProfileName } from './profiles.ts';
import { addressOf, ledgerPath, QUEUE, type Run } from './run.ts';
import { scenariosOf } from './scenarios.ts';
import { type Settings, settingsOf } from './settings.ts';
import { slicesOf } from './slices.ts';
import { summarize } from './summary.ts';
import { thresholdsOf } from './thresholds.ts';

const TREND_STATS = ['min', 'avg', 'med', 'p(75)', 'p(90)', 'p(95)', 'p(99)', 'p(99.9)', 'max', 'count'];

function refusal(what: string, { status, body }: TimedAnswer, { url }: Settings): Error {
  const { detail } = (body ?? {}) as { detail?: string };
  if (status === 0)
    return new Error(`Nothing answers at ${url}: set MILLRACE_URL to where a producer listens.`);
  if (status === 401)
    return new Error(`${url} wants a token: set MILLRACE_TOKEN to one of the role operator.`);
  if (status === 403) return new Error(`The token may not ${what}: it needs the role operator.`);
  return new Error(`${url} refused to ${what}: ${status} ${detail ?? ''}`);
}

/** Sees that the platform is there and may be used, and has it keep a ledger for us from now on. */
function begin(settings: Settings): Run {
  const random = crypto.getRandomValues(new Uint8Array(4));
  const id = `load-${Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  const run = { id, settings, slices: slicesOf(settings.durationS), startedAt: '' };
  const address = addressOf(run);
  const queue = call(address, 'GET', `/v1/queues/${QUEUE}`, { name: 'setup' });
  if (queue.status !== 200) throw refusal(`show the queue "${QUEUE}"`, queue, settings);
  const { paused, circuit } = queue.body as { paused: boolean; circuit: { reason: string } | null };
  if (paused)
    throw new Error(`Queue "${QUEUE}" is paused: resume it ("millrace resume ${QUEUE}") and start again.`);
  if (circuit) throw new Error(`Queue "${QUEUE}" takes no jobs: ${circuit.reason}`);
  const ledger = call(address, 'PUT', ledgerPath(run), { name: 'setup' });
  if (ledger.status !== 200) throw refusal('keep a ledger', ledger, settings);
  return { ...run, startedAt: queue.date };
}

function optionsOf(settings: Settings): Options {
  return {
    scenarios: scenariosOf(settings),
    thresholds: thresholdsOf(settings),
    summaryTrendStats: TREND_STATS,
    setupTimeout: '60s',
    teardownTimeout: '180s',
    userAgent: 'millrace-loadtests',
    tags: { test: settings.profile },
    // Each VU keeps its connections: real clients do, and a rollout must be invisible to them.
    noVUConnectionReuse: false,
  } as Options;
}

/** Everything that a script of k6 exports, but for its flows. */
export function loadTest(name: ProfileName) {
  const settings = settingsOf(name, __ENV);
  return {
    // k6 reads them once, before there are users; each user would keep hundreds of thresholds in memory.
    options: __VU === 0 ? optionsOf(settings) : {},
    setup: () => begin(settings),
    teardown: (run: Run) => closeLedger(run, PROFILES[name].mood !== 'broken'),
    handleSummary: (data: unknown) => summarize(data, settings),
  };
}
