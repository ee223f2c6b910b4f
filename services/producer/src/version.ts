import { readFileSync } from 'node:fs';

/** As the package's `version` has it. */
export const VERSION: string = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).version;
