import type { ServerResponse } from 'node:http';
import type { Clock } from '@millrace/core';

/** A client that takes nothing for so long is cut off. */
const UNREAD_MS = 30_000;
/** Frames held for a slow client; beyond them the oldest is dropped. */
const MOST_PENDING = 200;

/** One listener of the event stream. */
export interface EventClient {
  /** Sends a frame; while the client is slow the newest of each `key` is kept for it, nothing else. */
  offer(key: string, frame: string): void;
  end(): void;
}

/** Writes frames to a response as long as its buffer is empty, and keeps a bounded rest. */
export function eventClient(response: ServerResponse, clock: Clock): EventClient {
  const pending = new Map<string, string>();
  let cutting: { cancel(): void } | undefined;

  const write = (frame: string) => {
    if (response.write(frame)) return;
    cutting = clock.after(UNREAD_MS, () => response.destroy());
  };
  response.on('drain', () => {
    cutting?.cancel();
    cutting = undefined;
    for (const [key, frame] of pending) {
      pending.delete(key);
      write(frame);
      if (cutting) return;
    }
  });
  response.once('close', () => cutting?.cancel());
  return {
    offer(key, frame) {
      if (!cutting) return write(frame);
      // To the end: the order of what is left is the order in which it became true.
      pending.delete(key);
      pending.set(key, frame);
      if (pending.size > MOST_PENDING) pending.delete(pending.keys().next().value as string);
    },
    end: () => void response.end(),
  };
}
