import type { BeatAnswer, KillAnswer, LetterAnswer, RecoveryAnswer } from '../death-answers.ts';
import { NOW_MS } from './examples.ts';

const MIB = 1_048_576;

export function exampleRecovery(changes: Partial<RecoveryAnswer> = {}): RecoveryAnswer {
  return {
    id: 'pod-1.0a1b2c3d4e5f6071',
    certificate: {
      worker: 'pod-1.0a1b2c3d4e5f6071',
      pod: 'pod-1',
      cause: 'killed',
      blame: 'unknown',
      exitCode: null,
      exitSignal: 'SIGKILL',
      evidence: [
        { kind: 'process-exit', atMs: NOW_MS - 65_000, detail: 'SIGKILL' },
        { kind: 'link-closed', atMs: NOW_MS - 64_999 },
      ],
      lastLines: [],
      peakRssBytes: 95_420_416,
      memoryLimitBytes: null,
      beats: [],
    },
    diedAtMs: NOW_MS - 65_000,
    detectMs: 2,
    fenceMs: 4,
    reclaimMs: 6.5,
    respawnMs: 9,
    firstOrphanMs: 11,
    lastOrphanMs: 24,
    orphans: { workload: ['17', '18', '19'] },
    state: 'done',
    traceId: 'c0ffee5be11e0fa7e57ab1e5deadbeef',
    ...changes,
  };
}

/** A worker whose memory grows until its end. */
function growingBeats(endMs: number): BeatAnswer[] {
  return Array.from({ length: 40 }, (_, at) => ({
    atMs: endMs - (39 - at) * 250,
    busy: 16,
    rssBytes: (80 + at * at * 0.28) * MIB,
  }));
}

export function exampleKill(changes: Partial<KillAnswer> = {}): KillAnswer {
  const atMs = changes.atMs ?? NOW_MS - 124_000;
  return {
    atMs,
    start: 1,
    worker: 'pod-1.0a1b2c3d4e5f6071',
    cause: 'oom',
    exitCode: 134,
    exitSignal: null,
    isolated: false,
    lastLines: [
      '<--- Last few GCs --->',
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    ],
    peakRssBytes: 510 * MIB,
    memoryLimitBytes: 512 * MIB,
    coRunners: Array.from({ length: 15 }, (_, at) => ({ queue: 'images', id: String(20 + at) })),
    beats: growingBeats(atMs),
    recoveryTraceId: 'c0ffee5be11e0fa7e57ab1e5deadbeef',
    ...changes,
  };
}

export function exampleLetter(changes: Partial<LetterAnswer> = {}): LetterAnswer {
  const alone = { isolated: true, coRunners: [], beats: [], recoveryTraceId: null };
  return {
    id: '17',
    queue: 'images',
    name: 'resize',
    data: { file: 'huge.tiff' },
    reason: 'poison',
    error: 'It killed 3 processes.',
    diedAtMs: NOW_MS - 121_000,
    attemptsMade: 0,
    kills: [
      exampleKill(),
      exampleKill({ atMs: NOW_MS - 122_700, start: 2, worker: 'pod-1.8f3a11c2d4e5f607', ...alone }),
      exampleKill({
        atMs: NOW_MS - 121_000,
        start: 3,
        worker: 'pod-1.1b2c3d4e5f607182',
        cause: 'crash',
        exitCode: null,
        exitSignal: 'SIGSEGV',
        lastLines: [],
        peakRssBytes: null,
        memoryLimitBytes: null,
        ...alone,
      }),
    ],
    lineage: [],
    replayedAs: null,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    ...changes,
  };
}
