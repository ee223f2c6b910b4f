const DURATION_STEPS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** ms as a person reads them: `12 ms`, `1.4 s`, `3m 20s`, `2d 4h`; `-` for null. */
export function duration(ms: number | null): string {
  if (ms === null) return '-';
  if (ms < 1_000) return `${ms < 10 && !Number.isInteger(ms) ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const first = DURATION_STEPS.findIndex(([, size]) => ms >= size);
  const [unit, size] = DURATION_STEPS[first] ?? ['s', 1_000];
  const [nextUnit, nextSize] = DURATION_STEPS[first + 1] ?? ['s', 1_000];
  const rest = Math.floor((ms % size) / nextSize);
  return `${Math.floor(ms / size)}${unit}${rest > 0 ? ` ${rest}${nextUnit}` : ''}`;
}

/** How long before `nowMs` something was, or `-`. A clock that differs a little never shows a negative age. */
export function age(atMs: number | null, nowMs: number): string {
  return atMs === null ? '-' : duration(Math.max(0, nowMs - atMs));
}

/** A whole number with thousands set apart: `20,000`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Jobs per second: `0.4/s`, `12/s`, `5,120/s`; `-` for none to speak of. */
export function rate(perSecond: number): string {
  if (perSecond < 0.05) return '-';
  return `${perSecond < 10 ? perSecond.toFixed(1) : count(perSecond)}/s`;
}

/** Bytes in binary units: `512 B`, `3.4 MiB`. */
export function bytes(size: number): string {
  if (size < 1_024) return `${size} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = size / 1_024;
  let unit = 0;
  while (value >= 1_023.95 && unit < units.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** `1 job`, `2 jobs`, `1,000 jobs`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}
