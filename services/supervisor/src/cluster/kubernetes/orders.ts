import type { Clock, Log } from '@millrace/core';
import type { PodObject } from './objects.ts';
import type { PodBook } from './pod-book.ts';
import type { PodWriter } from './pod-writer.ts';

/** How much longer than its grace an order holds. By then nobody would put the end down to it. */
const MARGIN_MS = 30_000;

/** That somebody's end is wanted. */
export interface Order {
  readonly graceSeconds: number;
  /** Whether it is still wanted; asked again at the last moment. Without one the order is void after a while. */
  readonly isDue?: (() => boolean) | undefined;
}

export interface OrdersDependencies {
  readonly book: Pick<PodBook, 'objectOf' | 'livesOf'>;
  readonly writer: Pick<PodWriter, 'read' | 'end'>;
  /** The server's newest word on a pod. */
  readonly learn: (pod: PodObject) => void;
  readonly isPaused: (pod: PodObject) => boolean;
  /** Where somebody else leads, it decides anew. */
  readonly isCandidate: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Ends that were ordered and wait for their turn, by our id of who is meant. */
export interface Orders {
  /** Whether there is something to carry out. */
  take(life: string, order: Order): boolean;
  /** Ends the pod in which that life is, if it is still there and meant. Throws {@link ApiError}, to be tried again. */
  carryOut(life: string): Promise<void>;
}

/**
 * See {@link Orders}. An order may wait while the server is away, and its pod's container be another by then: so the pod is
 * read anew, and deleted in the very version in which the life that was meant was still in it.
 */
export function createOrders(dependencies: OrdersDependencies): Orders {
  const { book, writer, learn, isPaused, isCandidate, clock, log } = dependencies;
  const waiting = new Map<string, Order & { readonly untilMs: number }>();

  /** One pod has one worker at a time: whoever said hello from it later has replaced the one before. */
  function podOf(life: string): PodObject | undefined {
    const pod = book.objectOf(life);
    return pod && book.livesOf(pod.metadata.uid).at(-1) === life ? pod : undefined;
  }

  /** Null where nobody wants it any more. */
  function meant(life: string): PodObject | null {
    const order = waiting.get(life);
    const pod = podOf(life);
    if (!order || !pod || !isCandidate()) return null;
    const isDue = order.isDue ? order.isDue() : clock.monotonicMs() < order.untilMs;
    return isDue && !isPaused(pod) ? pod : null;
  }

  /** As the server has it now, if it is still that pod. */
  async function lookAgain(known: PodObject): Promise<PodObject | null> {
    const read = await writer.read(known.metadata.name);
    if (read?.metadata.uid !== known.metadata.uid) return null;
    learn(read);
    return read;
  }

  async function act(life: string, { graceSeconds }: Order): Promise<void> {
    const known = meant(life);
    const read = known && (await lookAgain(known));
    if (read === null || meant(life) === null) {
      log.info({ pod: life }, 'An order to end a pod is void by now');
      return;
    }
    const { name, uid, resourceVersion } = read.metadata;
    await writer.end({ name, uid, resourceVersion, graceSeconds });
  }

  return {
    take(life, order) {
      const pod = book.objectOf(life);
      if (!pod) {
        log.debug({ pod: life }, 'No pod of the cluster is known by that id');
        return false;
      }
      if (isPaused(pod)) {
        log.info({ pod: pod.metadata.name }, 'A pod is left alone: its Deployment says millrace.dev/paused');
        return false;
      }
      waiting.set(life, { ...order, untilMs: clock.monotonicMs() + order.graceSeconds * 1_000 + MARGIN_MS });
      return true;
    },
    async carryOut(life) {
      const order = waiting.get(life);
      if (order === undefined) return;
      await act(life, order);
      if (waiting.get(life) === order) waiting.delete(life);
    },
  };
}
