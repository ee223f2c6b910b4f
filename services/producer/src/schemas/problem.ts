import { z } from 'zod';
import { faults } from './parts.ts';

export const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string().describe('stable; docs/errors.md lists them'),
  detail: z.string(),
  instance: z.string().optional(),
  faults: faults.optional(),
});
