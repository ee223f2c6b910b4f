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
/** Nothing of a run was so long before it began. */
const EARLIEST_US = -60_000_000;
/** Clocks of one machine, each anchored when its process started, differ by so much. */
const SKEW_US = 20_000;

/** What comes first of one job, and what after it. */
const ORDER: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  job_done: [
    ['started_us', 'done_us'],
    ['enqueued_us', 'started_us'],
    ['scheduled_us', 'enqueued_us'],
  ],
  job_killed: [['started_us', 'at_us']],
};

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
    if (typeof us === 'number' && (us > LONGEST_US || us < EARLIEST_US))
      return aboutClocks(`${key} is ${us}, which is no time since the run's start`);
  }
  for (const [earlier, later] of ORDER[String(fields.event)] ?? []) {
    if ((fields[later] as number) < (fields[earlier] as number) - SKEW_US)
      return aboutClocks(`${later} is before ${earlier}`);
  }
  return null;
}

/** Figures of the machine that were told, and are none. */
function figureFault({ event, values, bytes, heap_used: heap }: Fields): string | null {
  if (event === 'rss' && ((bytes as number) < 0 || (heap !== null && (heap as number) < 0)))
    return 'rss: memory below 0';
  if (event !== 'metrics') return null;
  const wrong = Object.entries(values as Fields).find(([, value]) => !fits(value, 'number'));
  return wrong === undefined ? null : `metrics: ${wrong[0]} is no number`;
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
  const fault = idFault(fields) ?? schemaFault(fields) ?? figureFault(fields) ?? clockFault(fields);
  return fault === null ? { line: fields as unknown as RunEventLine } : { fault };
}
