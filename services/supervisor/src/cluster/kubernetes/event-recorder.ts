import { randomBytes } from 'node:crypto';
import { type Clock, isoTime, type Log, messageOf } from '@millrace/core';
import type { ClusterNote } from '../pod-controllers.ts';
import { isStatus, type KubernetesApi } from './api.ts';
import type { ApiMeter } from './api-meter.ts';
import { type EventSeries, noteSeries, type Series } from './event-series.ts';
import type { KubernetesObject } from './objects.ts';

/** The object that an Event is about. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly object: KubernetesObject;
}

export interface EventRecorderDependencies {
  readonly api: KubernetesApi;
  readonly meter: ApiMeter;
  /** The pod that reports. */
  readonly reporter: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Writes Events of events.k8s.io/v1: best effort, few, and repeats as a series. */
export interface EventRecorder {
  record(note: ClusterNote, regarding: Regarding): void;
  /** Resolves when what was recorded is written, or given up. */
  settled(): Promise<void>;
}

const NOTE_CHARS = 1_000;
const ACTION_CHARS = 128;

const micro = (ms: number) => isoTime(ms).replace('Z', '000Z');

/** See {@link EventRecorder}. */
export function createEventRecorder(dependencies: EventRecorderDependencies): EventRecorder {
  const { api, meter, reporter, clock, log } = dependencies;
  const path = `/apis/events.k8s.io/v1/namespaces/${api.namespace}/events`;
  let series: EventSeries = new Map();
  let writing: Promise<void> = Promise.resolve();

  async function create(
    name: string,
    note: ClusterNote,
    { apiVersion, kind, object }: Regarding,
  ): Promise<void> {
    const { name: of, uid, resourceVersion } = object.metadata;
    await api.call('POST', path, {
      body: {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name, namespace: api.namespace },
        eventTime: micro(clock.nowMs()),
        reportingController: 'millrace.dev/supervisor',
        reportingInstance: reporter.slice(0, 128),
        action: note.action.slice(0, ACTION_CHARS),
        reason: note.reason,
        regarding: { apiVersion, kind, name: of, namespace: api.namespace, uid, resourceVersion },
        note: note.text.slice(0, NOTE_CHARS),
        type: note.kind,
      },
    });
  }

  async function write(note: ClusterNote, regarding: Regarding, { name, count }: Series): Promise<void> {
    if (count === 1) return create(name, note, regarding);
    const body = { series: { count, lastObservedTime: micro(clock.nowMs()) } };
    try {
      await api.call('PATCH', `${path}/${name}`, { body });
    } catch (error) {
      // Events are forgotten after an hour; then the series begins anew.
      if (!isStatus(error, 404)) throw error;
      await create(`${name}.${count}`, note, regarding);
    }
  }

  return {
    record(note, regarding) {
      const key = `${regarding.object.metadata.uid} ${note.reason} ${note.action}`;
      const name = `${regarding.object.metadata.name}.${randomBytes(8).toString('hex')}`;
      const noted = noteSeries(
        series,
        { key, object: regarding.object.metadata.uid, name },
        clock.monotonicMs(),
      );
      series = noted.series;
      if (noted.write === null) return meter.eventDropped();
      const { write: found } = noted;
      writing = writing
        .then(() => write(note, regarding, found))
        .catch((error) => log.debug({ error: messageOf(error), note }, 'An Event was not written'));
    },
    settled: () => writing,
  };
}
