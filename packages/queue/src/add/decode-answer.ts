import type { Circuit } from '@millrace/core';
import type { AddResult, AddTimes } from '../types/queue.ts';
import { drainPerSecond, retryAfterMs } from './retry-after.ts';

/** What the add script may say of a group; `none`: there is no such dead letter to replay. */
export type Decided = AddResult | { readonly kind: 'none' };

const number = (value: unknown) => Number(value ?? 0);

function refusal(answer: readonly unknown[], group: { n: number; bytes: number }, nowMs: number): AddResult {
  const reason = String(answer[1]) as 'jobs' | 'bytes';
  const [depth, bound, bytes, maxBytes] = answer.slice(2, 6).map(number) as [number, number, number, number];
  const marks = {
    takes: number(answer[7]),
    lastTakeMs: number(answer[8]),
    recent: { atMs: number(answer[9]), takes: number(answer[10]) },
    older: { atMs: number(answer[11]), takes: number(answer[12]) },
  };
  const meanBytes = depth > 0 ? Math.max(bytes / depth, 1) : 1;
  const places =
    reason === 'jobs' ? depth + group.n - bound : Math.ceil((bytes + group.bytes - maxBytes) / meanBytes);
  return {
    kind: 'refused',
    reason,
    depth,
    bound,
    bytes,
    maxBytes,
    drainPerSecond: drainPerSecond(marks, nowMs),
    retryAfterMs: retryAfterMs(marks, nowMs, places, answer[6] === 1),
  };
}

/** One group's answer of lua/scripts/add.lua. */
export function decodeAnswer(
  answer: readonly unknown[],
  group: { n: number; bytes: number; times: AddTimes },
  nowMs: number,
): Decided {
  switch (answer[0]) {
    case 'ok':
      return {
        kind: 'accepted',
        ids: answer.slice(2).map(String),
        depth: number(answer[1]),
        replayed: false,
        times: group.times,
      };
    case 'replay':
      return { kind: 'accepted', ids: answer.slice(1).map(String), depth: 0, replayed: true, times: null };
    case 'conflict':
      return { kind: 'conflict' };
    case 'none':
      return { kind: 'none' };
    case 'circuit':
      return { kind: 'circuit_open', circuit: JSON.parse(String(answer[1])) as Circuit };
    case 'exceeds':
      return { kind: 'exceeds_bound', bound: number(answer[1]), maxBytes: number(answer[2]) };
    default:
      return refusal(answer, group, nowMs);
  }
}
