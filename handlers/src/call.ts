import { defineHandler } from '@millrace/sdk';
import { z } from 'zod';

/** The largest n whose sum a double still holds exactly: 2^53 − 2^26. */
const LARGEST_N = 2 ** 27 - 1;

/** Request and reply in its shortest form: `{n}` → `{sum}` of 1 … n. */
export default defineHandler({
  queue: 'call',
  name: 'call',
  input: z.strictObject({ n: z.int().min(0).max(LARGEST_N) }),
  // Halved before it is multiplied: the product itself would not be exact.
  run: ({ data: { n } }) => ({ sum: n % 2 === 0 ? (n / 2) * (n + 1) : n * ((n + 1) / 2) }),
});
