import { z } from 'zod';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `250`, `'250ms'`, `'30s'`, `'5m'`, `'1h'`, `'7d'` → ms; anything else throws a sentence. */
export function parseDurationMs(value: string | number): number {
  if (typeof value === 'number') {
    if (Number.isFinite(value) && value >= 0) return value;
  } else {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value.trim());
    if (match) return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
  }
  throw new RangeError(`"${value}" is not a duration: write a number of ms, or like "30s", "5m", "1h"`);
}

/** A duration as a person writes it; the output is whole ms. */
export const durationMsSchema = z.union([z.number().min(0), z.string()]).transform((value, ctx) => {
  try {
    return Math.round(parseDurationMs(value));
  } catch (error) {
    ctx.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});
