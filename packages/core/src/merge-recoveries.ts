import type { DeathCertificate, Recovery } from './status.ts';

/** µs, in which sums and differences of times are exact: ms with fractions would lose digits at every merge. */
const us = (ms: number) => Math.round(ms * 1000);

const PHASES = ['fenceMs', 'reclaimMs', 'respawnMs', 'firstOrphanMs'] as const;

/**
 * Who saw the exit itself knows more than who only missed a beat, and so does who heard the cluster's reason; then the
 * earlier; then any fixed order.
 */
function compareCertificates(a: DeathCertificate, b: DeathCertificate): number {
  const knows = ({ exitCode, exitSignal }: DeathCertificate) => (exitCode ?? exitSignal) !== null;
  if (knows(a) !== knows(b)) return knows(a) ? -1 : 1;
  const hasReason = ({ evidence }: DeathCertificate) =>
    evidence.some(({ kind }) => kind === 'pod-terminated');
  if (hasReason(a) !== hasReason(b)) return hasReason(a) ? -1 : 1;
  if (a.certifiedAtMs !== b.certifiedAtMs) return a.certifiedAtMs - b.certifiedAtMs;
  const [textA, textB] = [JSON.stringify(a), JSON.stringify(b)];
  return textA < textB ? -1 : textA > textB ? 1 : 0;
}

/** Job ids are mostly numbers that rise with age; others stand behind them. */
function compareIds(a: string, b: string): number {
  const [x, y] = [/^\d{1,15}$/.test(a), /^\d{1,15}$/.test(b)];
  if (x && y && Number(a) !== Number(b)) return Number(a) - Number(b);
  if (x !== y) return x ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function unionOf(a: Recovery['orphans'], b: Recovery['orphans']): Recovery['orphans'] {
  const queues = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return Object.fromEntries(
    queues.map((queue) => [queue, [...new Set([...(a[queue] ?? []), ...(b[queue] ?? [])])].sort(compareIds)]),
  );
}

/** When each phase was over, in µs since 1970; null where it is not known. */
function moments(recovery: Recovery, phase: (typeof PHASES)[number] | 'detectMs' | 'lastOrphanMs') {
  const ms = recovery[phase];
  return ms === null ? null : us(recovery.diedAtMs) + us(ms);
}

function pick(all: readonly (number | null)[], choose: (...values: number[]) => number): number | null {
  const known = all.filter((value) => value !== null);
  return known.length === 0 ? null : choose(...known);
}

/**
 * One record out of what two supervisors wrote about the same death: the earliest death and the earliest end of each
 * phase, every orphan, and `done` as soon as one of them is, with its last orphan (the later of two). Commutative,
 * associative and idempotent, so that it does not matter who writes first or how often: times to the µs, orphans in
 * the order of their ids.
 */
export function mergeRecoveries(a: Recovery, b: Recovery): Recovery {
  const diedUs = Math.min(us(a.diedAtMs), us(b.diedAtMs));
  const sinceDeath = (momentUs: number | null) => (momentUs === null ? null : (momentUs - diedUs) / 1000);
  const earliest = (phase: (typeof PHASES)[number] | 'detectMs') =>
    sinceDeath(pick([moments(a, phase), moments(b, phase)], Math.min));
  const state = a.state === 'done' || b.state === 'done' ? 'done' : 'running';
  const ended = [a, b].filter((recovery) => recovery.state === state);
  const lasts = ended.map((recovery) => moments(recovery, 'lastOrphanMs'));
  const [fenceMs, reclaimMs, respawnMs, firstOrphanMs] = PHASES.map(earliest) as [
    number | null,
    number | null,
    number | null,
    number | null,
  ];
  return {
    id: a.id,
    certificate: compareCertificates(a.certificate, b.certificate) <= 0 ? a.certificate : b.certificate,
    diedAtMs: diedUs / 1000,
    detectMs: earliest('detectMs') as number,
    ...{ fenceMs, reclaimMs, respawnMs, firstOrphanMs },
    lastOrphanMs: sinceDeath(pick(lasts, Math.max)),
    orphans: unionOf(a.orphans, b.orphans),
    state,
  };
}
