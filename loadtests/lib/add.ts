import { sleep } from 'k6';
import exec from 'k6/execution';
import { type AddOutcome, addOutcome } from './answers.ts';
import { call, type TimedAnswer } from './client.ts';
import { markText } from './mark.ts';
import { metrics, nowSlice, testMs } from './metrics.ts';
import { addressOf, JOBS_PATH, QUEUE, type Run } from './run.ts';

/** How one request adds its jobs. */
export interface Offer {
  readonly jobs: number;
  readonly opts?: Readonly<Record<string, number>>;
  /** Seconds that the answer may wait for the job's end. */
  readonly waitS?: number;
}

/** Jobs that were accepted, and the answer that said so. */
export interface Accepted {
  readonly ids: readonly string[];
  readonly answer: TimedAnswer;
}

const AGAIN_S = 0.25;
const LARGEST_ID = 2 ** 32;

function placeOf(number: number): string {
  return `${exec.scenario.name}/${exec.scenario.iterationInTest}/${number}`;
}

function jobsOf(run: Run, { jobs, opts }: Offer): readonly unknown[] {
  const { payloadBytes, sleepMinMs, sleepMaxMs } = run.settings;
  return Array.from({ length: jobs }, (_, number) => ({
    name: QUEUE,
    data: {
      seed: 42,
      id: (exec.scenario.iterationInTest * jobs + number) % LARGEST_ID,
      sleep_min: sleepMinMs,
      sleep_max: sleepMaxMs,
      payload: markText({ run: run.id, place: placeOf(number) }, payloadBytes),
    },
    ...(opts ? { opts } : {}),
  }));
}

function ask(run: Run, offer: Offer, body: unknown): { answer: TimedAnswer; outcome: AddOutcome } {
  const headers: Record<string, string> = {};
  if (run.settings.keys) headers['Idempotency-Key'] = `${run.id}/${placeOf(0)}`;
  if (offer.waitS) headers.Prefer = `wait=${offer.waitS}`;
  const { drainS, durationS } = run.settings;
  for (;;) {
    const answer = call(addressOf(run), 'POST', JOBS_PATH, {
      name: offer.waitS ? 'add and wait' : offer.jobs > 1 ? 'add bulk' : 'add',
      body,
      headers,
      expected: [429],
      timeoutS: 30 + (offer.waitS ?? 0),
    });
    const outcome = addOutcome(answer, offer.jobs);
    const isOver = testMs() > (durationS + drainS) * 1000 - 5_000;
    const isSettled = outcome.kind === 'accepted' || outcome.kind === 'refused';
    if (isSettled || !run.settings.keys || isOver) return { answer, outcome };
    sleep(AGAIN_S);
  }
}

/** Offers jobs once, and enters them as accepted, refused or uncertain; null unless they were accepted. */
export function add(run: Run, offer: Offer): Accepted | null {
  const jobs = jobsOf(run, offer);
  // An iteration that is cut off in the middle leaves these behind, which turns the verdict.
  metrics.uncertain.add(offer.jobs);
  const { answer, outcome } = ask(run, offer, offer.jobs > 1 ? { jobs } : jobs[0]);
  if (outcome.kind !== 'uncertain') metrics.uncertain.add(-offer.jobs);
  if (outcome.kind === 'uncertain' || outcome.kind === 'unsent') {
    console.warn(`${placeOf(0)}: ${outcome.why}`);
    return null;
  }
  if (outcome.kind === 'refused') {
    metrics.refused.add(offer.jobs, nowSlice(run.slices));
    return null;
  }
  metrics.accepted.add(offer.jobs, nowSlice(run.slices));
  metrics.unsettled.add(offer.jobs);
  metrics.unaccounted.add(offer.jobs);
  if (!offer.waitS) metrics.accept.add(answer.ms, nowSlice(run.slices));
  return { ids: outcome.ids, answer };
}
