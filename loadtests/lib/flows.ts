import { add } from './add.ts';
import { call } from './client.ts';
import { follow } from './follow.ts';
import { metrics, nowSlice } from './metrics.ts';
import { addressOf, JOBS_PATH, QUEUE, type Run } from './run.ts';
import { BULK, MOST_DELAY_MS, WAIT_S } from './scenarios.ts';

const LEAST_DELAY_MS = 200;
const PRIORITIES = 3;

/** One job, followed to its end. */
export function single(run: Run): void {
  const accepted = add(run, { jobs: 1 });
  if (accepted) follow(run, accepted.ids, 0);
}

/** Several in one request: all or none. */
export function bulk(run: Run): void {
  const accepted = add(run, { jobs: BULK });
  if (accepted) follow(run, accepted.ids, 0);
}

/** One that is due later; its wait counts from when it is due. */
export function delayed(run: Run): void {
  const delayMs = LEAST_DELAY_MS + Math.floor(Math.random() * (MOST_DELAY_MS - LEAST_DELAY_MS));
  const accepted = add(run, { jobs: 1, opts: { delayMs } });
  if (accepted) follow(run, accepted.ids, delayMs);
}

/** One that goes before others, or after them. */
export function priority(run: Run): void {
  const accepted = add(run, { jobs: 1, opts: { priority: 1 + Math.floor(Math.random() * PRIORITIES) } });
  if (accepted) follow(run, accepted.ids, 0);
}

/** A caller that wants the result in the answer. */
export function wait(run: Run): void {
  const accepted = add(run, { jobs: 1, waitS: WAIT_S });
  if (!accepted) return;
  if (accepted.answer.status === 200) metrics.reply.add(accepted.answer.ms);
  follow(run, accepted.ids, 0);
}

const PAGES = ['/v1/queues', `/v1/queues/${QUEUE}`, '/v1/workers', `${JOBS_PATH}?state=active&limit=50`];

/** What dashboards and people read meanwhile. */
export function look(run: Run): void {
  const path = PAGES[Math.floor(Math.random() * PAGES.length)] as string;
  call(addressOf(run), 'GET', path, { name: path.split('?')[0] as string });
}

interface Worker {
  readonly id: string;
  readonly state: string;
}

/** Kills one worker process, drawn, as `millrace kill` does: with SIGKILL, through the supervisors. */
export function kill(run: Run): void {
  const address = addressOf(run);
  const { body, status } = call(address, 'GET', '/v1/workers', { name: '/v1/workers' });
  if (status !== 200) return;
  const alive = (body as { workers: readonly Worker[] }).workers.filter(({ state }) => state === 'running');
  const victim = alive[Math.floor(Math.random() * alive.length)];
  if (!victim) return;
  // It may have died since, or be replaced: 404 and 409 are no fault of the platform.
  const path = `/v1/workers/${encodeURIComponent(victim.id)}/kill`;
  const answer = call(address, 'POST', path, { name: 'kill', expected: [404, 409] });
  if (answer.status === 202) metrics.kills.add(1, nowSlice(run.slices));
  if (answer.status === 401 || answer.status === 403) {
    metrics.killsDenied.add(1);
    console.error('killing workers needs a token of the role admin; or set MILLRACE_LOAD_KILL_EVERY=0s');
  }
}
