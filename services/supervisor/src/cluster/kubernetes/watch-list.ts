import { type Clock, type Log, lifecycle, messageOf, type Timer } from '@millrace/core';
import type { KubernetesApi } from './api.ts';
import type { ApiMeter } from './api-meter.ts';
import type { KubernetesObject } from './objects.ts';

/** A bookmark comes about once a minute, so a watch that is silent for longer than this is dead, whatever TCP believes. */
const SILENCE_MS = 90_000;
/** The server closes a watch after this long; a full list follows, so that nothing that was missed stays missed. */
const RELIST_MS = 240_000;
const FIRST_BACKOFF_MS = 100;
/** The server's return is to be noticed within seconds. */
const LAST_BACKOFF_MS = 3_000;
/** A watch that was open for this long worked; one that ends sooner has failed, whoever ended it. */
const STEADY_MS = 5_000;
const SILENCE_CHECK_MS = 1_000;
const PAGE = 500;

export interface WatchListOptions {
  /** Of the collection, without its query. */
  readonly path: string;
  readonly labelSelector: string;
  /** For people and metrics. */
  readonly resource: string;
  /** It has changed, as often as the server says; `gone` tells that the object is no more. */
  readonly onChange: (object: KubernetesObject, gone: boolean) => void;
  /** A full list was read: all that there is. */
  readonly onListed: () => void;
}

export interface WatchListDependencies {
  readonly api: KubernetesApi;
  readonly meter: ApiMeter;
  readonly clock: Clock;
  readonly log: Log;
}

/** A collection as the server has it. Survives resets, failed lists, 410 and a server that falls silent. */
export interface WatchList {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Whether a full list was ever read. */
  readonly synced: boolean;
  items(): readonly KubernetesObject[];
}

interface ListAnswer {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items?: readonly KubernetesObject[];
}

interface WatchLine {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubernetesObject & { readonly code?: number; readonly message?: string };
}

/** Ms before try number `failures`, with full jitter: a server that returns is not met by everybody at once. */
export function watchBackoffMs(failures: number, random: number): number {
  const ceiling = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 10));
  return ceiling * (0.5 + random / 2);
}

/** See {@link WatchList}: list, watch from there, and anew from the start whenever the watch ends. */
export function createWatchList(options: WatchListOptions, dependencies: WatchListDependencies): WatchList {
  const { api, meter, clock, log } = dependencies;
  const { path, labelSelector, resource, onChange, onListed } = options;
  const stopping = new AbortController();
  const known = new Map<string, KubernetesObject>();
  let round = new AbortController();
  let heardMs: number | null = null;
  let openedMs: number | null = null;
  let synced = false;
  let work: Promise<void> = Promise.resolve();
  let silence: Timer | undefined;

  const query = (extra: Record<string, string>) =>
    `${path}?${new URLSearchParams({ ...(labelSelector === '' ? {} : { labelSelector }), ...extra })}`;

  async function list(): Promise<string> {
    const found: KubernetesObject[] = [];
    let next = '';
    for (;;) {
      const paging = { limit: String(PAGE), ...(next === '' ? {} : { continue: next }) };
      const answer = (await api.call('GET', query(paging))) as ListAnswer;
      found.push(...(answer.items ?? []));
      next = answer.metadata.continue ?? '';
      if (next === '') {
        if (!stopping.signal.aborted) replaceAll(found);
        return answer.metadata.resourceVersion;
      }
    }
  }

  function replaceAll(found: readonly KubernetesObject[]): void {
    const uids = new Set(found.map(({ metadata }) => metadata.uid));
    for (const object of [...known.values()]) if (!uids.has(object.metadata.uid)) note(object, true);
    for (const object of found) note(object, false);
    synced = true;
    onListed();
  }

  /** An update often carries no change: whoever listens compares. */
  function note(object: KubernetesObject, gone: boolean): void {
    const { uid, resourceVersion } = object.metadata;
    if (!gone && known.get(uid)?.metadata.resourceVersion === resourceVersion) return;
    if (gone) known.delete(uid);
    else known.set(uid, object);
    onChange(object, gone);
  }

  async function watch(resourceVersion: string): Promise<void> {
    const limits = { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(RELIST_MS / 1_000) };
    const on = {
      open() {
        openedMs = clock.monotonicMs();
        heardMs = openedMs;
      },
      line(value: unknown) {
        heardMs = clock.monotonicMs();
        const { type, object } = value as WatchLine;
        // 410: what we know is too old. The full list that follows any end of a watch is the answer to everything.
        if (type === 'ERROR') throw new Error(`the watch ended: ${object.code} ${object.message}`);
        if (type !== 'BOOKMARK' && !stopping.signal.aborted) note(object, type === 'DELETED');
      },
    };
    await api.stream(
      query({ ...limits, resourceVersion }),
      on,
      AbortSignal.any([stopping.signal, round.signal]),
    );
  }

  async function keepWatching(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      round = new AbortController();
      try {
        await watch(await list());
      } catch (error) {
        if (stopping.signal.aborted) return;
        log.debug({ resource, error: messageOf(error) }, 'A watch on the cluster ended; it is opened again');
      }
      // A list that was read is no success: else a watch that is refused would cost the server a full list each time.
      const isSteady = openedMs !== null && clock.monotonicMs() - openedMs >= STEADY_MS;
      failures = isSteady ? 0 : failures + 1;
      openedMs = null;
      heardMs = null;
      meter.watchRestarted(resource);
      await clock.sleep(watchBackoffMs(failures, Math.random()), stopping.signal).catch(() => undefined);
    }
  }

  function checkSilence(): void {
    const outage = meter.lastOutage();
    const isSilent = heardMs !== null && clock.monotonicMs() - heardMs > SILENCE_MS;
    // Opened before the server was away: it may be the end of a connection that has no other end.
    const isOlder = outage !== null && heardMs !== null && heardMs <= outage.sinceMs;
    if (isSilent || isOlder) round.abort(new Error('the watch is silent'));
  }

  return {
    ...lifecycle(
      async () => {
        silence = clock.every(SILENCE_CHECK_MS, checkSilence);
        work = keepWatching();
      },
      async () => {
        stopping.abort(new Error('the watch stops'));
        silence?.cancel();
        await work;
      },
    ),
    get synced() {
      return synced;
    },
    items: () => [...known.values()],
  };
}
