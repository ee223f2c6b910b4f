/** An HTTP answer as far as it matters here; status 0: none came. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** k6's code of what went wrong below HTTP; 0: nothing did. */
  readonly errorCode?: number;
}

/** k6's codes of a name that was not found and of a connection that was never made: nothing was sent. */
function isUnsent({ status, errorCode = 0 }: Answer): boolean {
  return (
    status === 0 && ((errorCode >= 1100 && errorCode < 1200) || (errorCode >= 1210 && errorCode <= 1213))
  );
}

/** What became of an add. `unsent`: it never reached the platform. `uncertain`: nobody knows whether the jobs were added. */
export type AddOutcome =
  | { readonly kind: 'accepted'; readonly ids: readonly string[]; readonly state: string | null }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'unsent'; readonly why: string }
  | { readonly kind: 'uncertain'; readonly why: string };

interface Body {
  readonly id?: unknown;
  readonly ids?: unknown;
  readonly state?: unknown;
  readonly code?: unknown;
  readonly sent?: unknown;
  readonly detail?: unknown;
}

const bodyOf = (body: unknown): Body => (typeof body === 'object' && body !== null ? (body as Body) : {});

function acceptedOf(answer: Answer, wanted: number): AddOutcome {
  const { id, ids, state } = bodyOf(answer.body);
  const all = Array.isArray(ids) ? ids : [id];
  if (all.length !== wanted || all.some((each) => typeof each !== 'string' || each === '')) {
    return { kind: 'uncertain', why: `${answer.status} with ids that are not those of ${wanted} jobs` };
  }
  return { kind: 'accepted', ids: all as string[], state: typeof state === 'string' ? state : null };
}

/** What an answer says about the `wanted` jobs that were offered. */
export function addOutcome(answer: Answer, wanted: number): AddOutcome {
  const { status, body } = answer;
  const { code, sent, detail } = bodyOf(body);
  if (isUnsent(answer)) return { kind: 'unsent', why: 'no connection' };
  if (status === 200 || status === 202) return acceptedOf(answer, wanted);
  if (typeof code === 'string' && sent !== true && ((status >= 400 && status < 500) || status === 503)) {
    return { kind: 'refused', code };
  }
  return {
    kind: 'uncertain',
    why: status === 0 ? 'no answer' : `${status} ${code ?? ''} ${detail ?? ''}`.trim(),
  };
}

/** A job's view, as far as it is measured. ms since 1970. */
export interface JobTimes {
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly attempts?: readonly { readonly startedAtMs: number | null }[];
}

/** ms of a job's life, from its own timestamps: until its first start (beyond a delay that was asked for), in its last run, over all. */
export function timesOf(job: JobTimes, delayMs: number): { wait: number; run: number; total: number } | null {
  const { startedAtMs, finishedAtMs } = job;
  if (startedAtMs === null || finishedAtMs === null) return null;
  const firstMs = job.attempts?.[0]?.startedAtMs ?? startedAtMs;
  const due = job.createdAtMs + delayMs;
  return {
    wait: Math.max(0, firstMs - due),
    run: finishedAtMs - startedAtMs,
    total: Math.max(0, finishedAtMs - due),
  };
}
