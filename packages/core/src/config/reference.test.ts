import { expect, test } from 'vitest';
import { configurationReference } from './reference.ts';

// `npx vitest run packages/core -u` writes the file anew.
test('docs/configuration.md says what the schema says', async () => {
  await expect(configurationReference()).toMatchFileSnapshot('../../../../docs/configuration.md');
});
