import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, type Lifecycle, lifecycle, type Timer, TransientSet } from '@millrace/core';
import type { Access } from './access.ts';

/** How long a stream may outlive the token that opened it, ms. */
const LOOK_MS = 1_000;

/** Requests under way. While started, those whose token was taken away or has expired are cut off. */
export interface LiveRequests extends Lifecycle {
  track(request: IncomingMessage, response: ServerResponse): void;
}

export function createLiveRequests(access: Access, clock: Clock): LiveRequests {
  const live = new TransientSet<{ readonly request: IncomingMessage; readonly response: ServerResponse }>();
  let timer: Timer | undefined;
  const look = () => {
    for (const { request, response } of live) {
      if (!access.isStillValid(request.headers)) response.destroy();
    }
  };
  return {
    ...lifecycle(
      async () => {
        if (!access.isOpen) timer = clock.every(LOOK_MS, look);
      },
      async () => timer?.cancel(),
    ),
    track(request, response) {
      if (access.isOpen) return;
      const entry = { request, response };
      live.add(entry);
      response.once('close', () => live.delete(entry));
    },
  };
}
