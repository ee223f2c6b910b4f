import { z } from 'zod';

/** Keeps a schema and the type whose values it describes from drifting apart: `satisfies Same<T>`. */
export type Same<T> = z.ZodType<T>;

export const ms = z.number().describe('ms');
export const epochMs = z.number().describe('ms since 1970');
export const epochUs = z.number().describe('µs since 1970');
export const bytes = z.number().describe('bytes');
export const json = z.unknown().describe('any JSON value');
export const orNull = <T extends z.ZodType>(schema: T) => schema.nullable();

export const faults = z.array(z.object({ pointer: z.string(), message: z.string() }));
