/** A figure and its limit: what it must not exceed, or with `atLeast` not fall below. */
export interface Gate {
  readonly name: string;
  readonly value: number | null;
  readonly limit: number;
  readonly aim: number | null;
  /** Null: it was not measured. */
  readonly met: boolean | null;
  readonly atLeast?: true;
}

/** Holds `value` (null: not measured) to `limit`. */
export function gate(name: string, value: number | null, limit: number, aim: number | null = null): Gate {
  return { name, value, limit, aim, met: value === null ? null : value <= limit };
}

/** Holds `value` (null: not measured) to `limit` from below. */
export function gateAtLeast(
  name: string,
  value: number | null,
  limit: number,
  aim: number | null = null,
): Gate {
  return { name, value, limit, aim, met: value === null ? null : value >= limit, atLeast: true };
}

/** A figure for people. */
export function told(value: number | null): string {
  if (value === null) return '–';
  if (!Number.isFinite(value)) return 'never';
  const digits = Math.abs(value) >= 1_000 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** Longest name of a gate, in columns. */
const NAME_WIDTH = 44;

/** The gates with their figures, one a line. */
export function gateLines(gates: readonly Gate[]): string[] {
  return gates.map(({ name, value, limit, aim, met, atLeast }) => {
    const figure = value !== null && value > 0 && value < 0.01 ? value.toPrecision(2) : told(value);
    const wanted = `${atLeast ? '≥' : '≤'} ${limit}${aim === null ? '' : `, aim ${aim < 0.01 ? `1/${Math.round(1 / aim)}` : aim}`}`;
    const verdict = met === null ? 'no figure' : met ? 'met' : 'MISSED';
    return `${verdict.padEnd(9)}  ${name.padEnd(NAME_WIDTH)}${figure.padStart(10)}   (${wanted})`;
  });
}
