import type { JobLinks } from './job.ts';
import type { BeatSample, DeathCertificate } from './status.ts';

/** A job that ran in the same process when it died; `queue` and `id` name it. */
export interface CoRunner {
  readonly queue: string;
  readonly id: string;
}

/** One death of a process or thread that ran this job. Times are ms since 1970, sizes bytes. */
export interface Kill {
  readonly atMs: number;
  /** Which start of the job it was. */
  readonly start: number;
  /** The start id of the worker process. */
  readonly worker: string;
  readonly cause: DeathCertificate['cause'];
  readonly exitCode: number | null;
  readonly exitSignal: string | null;
  /** True when it ran alone in a process or thread of its own: then nobody else can have been the killer. */
  readonly isolated: boolean;
  readonly lastLines: readonly string[];
  readonly peakRssBytes: number | null;
  readonly memoryLimitBytes: number | null;
  /** The others in the same process, at most 64. */
  readonly coRunners: readonly CoRunner[];
  readonly beats: readonly BeatSample[];
}

/** A kill as the API shows it: where its spans are, if somebody keeps them. */
export interface KillView extends Kill {
  /** Of the attempt that was killed, in the job's trace: 16 hex digits. */
  readonly spanId: string;
  /** Of the recovery from that death: 32 hex digits; null where only the job's own process or thread died. */
  readonly recoveryTraceId: string | null;
}

/** A job that came to its end without success, and why. */
export interface DeadLetter {
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  readonly data: unknown;
  /** `poison` killed its process too often · `attempts` none was left · `final` the handler said so. */
  readonly reason: 'poison' | 'attempts' | 'final';
  readonly error: string;
  readonly diedAtMs: number;
  readonly attemptsMade: number;
  readonly kills: readonly KillView[];
  /** Ids of the dead letters that this job is a replay of, oldest first. */
  readonly lineage: readonly string[];
  /** The job that replays it; null while nobody replayed it. */
  readonly replayedAs: string | null;
  /** Of the trace that its attempts' spans are in: 32 hex digits. */
  readonly traceId: string;
  readonly links: JobLinks;
}
