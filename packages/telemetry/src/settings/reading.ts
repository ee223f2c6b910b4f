import type { Fault } from '@millrace/core';

export type Env = Readonly<Record<string, string | undefined>>;

/** The longest time that a timer keeps, ms; lengths and counts need no more. */
const MOST = 2 ** 31 - 1;

/** Reads variables as OpenTelemetry's specification says (an empty one is unset) and gathers what is wrong with them. */
export interface Reading {
  readonly faults: Fault[];
  /** The first of the names that is set, trimmed; undefined if none is. */
  text(...names: string[]): string | undefined;
  choice<T extends string>(allowed: readonly T[], fallback: T, ...names: string[]): T;
  whole(fallback: number, least: number, ...names: string[]): number;
  isTrue(...names: string[]): boolean;
  /** Null if none is set. */
  file(...names: string[]): string | null;
  refuse(name: string, message: string): void;
  /** The one of the names that is set, for words about it. */
  nameOf(...names: string[]): string;
}

/** Why a file cannot be used, as a fault says it; null if it can. */
export type FileFault = (file: string) => string | null;

export function readingOf(env: Env, fileFault: FileFault): Reading {
  const faults: Fault[] = [];
  const isSet = (name: string) => (env[name] ?? '').trim() !== '';
  const nameOf = (...names: string[]) => names.find(isSet) ?? names[0] ?? '';
  const text = (...names: string[]) => env[nameOf(...names)]?.trim() || undefined;
  const refuse = (name: string, message: string) => {
    // A variable that several signals share is read once for each.
    if (!faults.some(({ pointer }) => pointer === name)) faults.push({ pointer: name, message });
  };
  return {
    faults,
    text,
    nameOf,
    refuse,
    choice(allowed, fallback, ...names) {
      const found = text(...names)?.toLowerCase();
      if (found === undefined) return fallback;
      const known = allowed.find((each) => each === found);
      if (!known) refuse(nameOf(...names), `is '${found}'; must be one of ${allowed.join(', ')}`);
      return known ?? fallback;
    },
    whole(fallback, least, ...names) {
      const found = text(...names);
      if (found === undefined) return fallback;
      const value = /^\d{1,10}$/.test(found) ? Number(found) : Number.NaN;
      if (value >= least && value <= MOST) return value;
      refuse(nameOf(...names), `is '${found}'; must be a whole number from ${least} to ${MOST}`);
      return fallback;
    },
    file(...names) {
      const found = text(...names);
      if (found === undefined) return null;
      const fault = fileFault(found);
      if (fault !== null) refuse(nameOf(...names), fault);
      return found;
    },
    isTrue(...names) {
      const found = text(...names)?.toLowerCase();
      if (found !== undefined && found !== 'true' && found !== 'false') {
        refuse(nameOf(...names), `is '${found}'; must be true or false`);
      }
      return found === 'true';
    },
  };
}

/** `key=value,key=value` with percent-encoding, as the resource's attributes and the headers are written. */
export function readPairs(reading: Reading, ...names: string[]): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const part of (reading.text(...names) ?? '').split(',')) {
    const equals = part.indexOf('=');
    if (part.trim() === '') continue;
    try {
      if (equals < 1) throw new Error('no key');
      pairs[decodeURIComponent(part.slice(0, equals).trim())] = decodeURIComponent(
        part.slice(equals + 1).trim(),
      );
    } catch {
      reading.refuse(
        reading.nameOf(...names),
        'must be key=value pairs, comma-separated and percent-encoded',
      );
      return {};
    }
  }
  return pairs;
}
