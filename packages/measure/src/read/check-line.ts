import type { RunEventLine } from '../events.ts';

/** A line as it was understood, or why it was not. */
export type Checked = { readonly line: RunEventLine } | { readonly fault: string };

type Fields = Readonly<Record<string, unknown>>;
type Kind = 'number' | 'string' | 'boolean' | 'object' | 'list' | 'numberOrNull' | 'numberOrNothing';

/** What each event must have to be reckoned with; what else is in a line does no harm. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  run: {
    system: 'string',
    run_id: 'string',
    started_unix_us: 'number',
    config: 'object',
    deviations: 'list',
  },
  job_done: {
    ...{ id: 'number', worker: 'string', attempt: 'number', checksum: 'number' },
    ...{ scheduled_us: 'number', enqueued_us: 'number', started_us: 'number', done_us: 'number' },
  },
  job_failed: {
    ...{ id: 'number', attempt: 'number', error: 'string', at_us: 'number' },
    started_us: 'numberOrNothing',
  },
  job_killed: { id: 'number', worker: 'string', started_us: 'number', at_us: 'number' },
  refused: { id: 'number', at_us: 'number' },
  worker_crash: { worker: 'string', drawn: 'number', slot: 'number', at_us: 'number', cause: 'string' },
  worker_restart: { worker: 'string', slot: 'number', at_us: 'number' },
  rss: { pid: 'number', bytes: 'number', heap_used: 'numberOrNull', phase: 'string', at_us: 'number' },
  metrics: { source: 'string', values: 'object', at_us: 'number' },
};

const PHASES = new Set(['sample', 'steady', 'post_recovery', 'peak']);
/** No run lasts for a year: such a time was told by another clock. */
const LONGEST_US = 366 * 86_400 * 1_000_000;
/** Clocks of one machine, each anchored when its process started, differ by so much. */
const SKEW_US = 20_000;

function fits(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'numberOrNull':
      return value === null || (typeof value === 'number' && Number.isFinite(value));
    case 'numberOrNothing':
      return value === undefined || (typeof value === 'number' && Number.isFinite(value));
    case 'list':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    default:
      kind satisfies never;
      return false;
  }
}

function parsed(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return fits(value, 'object') ? (value as Fields) : null;
  } catch {
    return null;
  }
}

const aboutClocks = (what: string) => `${what}; two clocks are mixed`;

function clockFault(fields: Fields): string | null {
  for (const key of ['at_us', 'scheduled_us', 'enqueued_us', 'started_us', 'done_us']) {
    const us = fields[key];
    if (typeof us === 'number' && Math.abs(us) > LONGEST_US)
      return aboutClocks(`${key} is ${us}, which is no time since the run's start`);
  }
  if (fields.event !== 'job_done') return null;
  const { enqueued_us, started_us, done_us } = fields as Readonly<Record<string, number>>;
  if ((done_us as number) < (started_us as number) - SKEW_US)
    return aboutClocks('done_us is before started_us');
  if ((started_us as number) < (enqueued_us as number) - SKEW_US)
    return aboutClocks('started_us is before enqueued_us');
  return null;
}

function idFault({ event, id }: Fields): string | null {
  if (id === undefined || event === 'run') return null;
  return Number.isSafeInteger(id) && (id as number) >= 0 ? null : 'id is no whole number from 0 on';
}

/** How the fault of a whole file begins. */
export const OTHER_SCHEMA = 'is of schema';

function schemaFault({ event, schema, phase }: Fields): string | null {
  if (event === 'run' && schema !== 1)
    return `${OTHER_SCHEMA} ${JSON.stringify(schema)}; this millrace reads schema 1`;
  return event === 'rss' && !PHASES.has(phase as string)
    ? `there is no phase ${JSON.stringify(phase)}`
    : null;
}

/** Reads one line of an events file. */
export function checkLine(text: string): Checked {
  const fields = parsed(text);
  if (fields === null) return { fault: 'is no JSON object' };
  const { event } = fields;
  const wanted = typeof event === 'string' && Object.hasOwn(FIELDS, event) ? FIELDS[event] : undefined;
  if (wanted === undefined) return { fault: `has no known event (${JSON.stringify(event) ?? 'none'})` };
  for (const key of Object.keys(wanted)) {
    const kind = wanted[key] as Kind;
    if (!fits(fields[key], kind)) return { fault: `${String(event)}: ${key} is missing or no ${kind}` };
  }
  const fault = idFault(fields) ?? schemaFault(fields) ?? clockFault(fields);
  return fault === null ? { line: fields as unknown as RunEventLine } : { fault };
}
