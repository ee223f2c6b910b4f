import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';

/** The real store of this test run. */
export interface TestStore {
  /** For the test itself, which may do everything. */
  readonly url: string;
  readonly port: number;
  /** For what is tested: with TEST_STORE_USER=least that of a user with the rights of docs/store.md and no others. */
  readonly productUrl: string;
}

export function testStore(): TestStore {
  const port = inject('storePort');
  const login = inject('storeLogin');
  return { url: `redis://127.0.0.1:${port}`, port, productUrl: `redis://${login}127.0.0.1:${port}` };
}

/** A key prefix that no other test uses. */
export function uniquePrefix(): string {
  return `t${randomBytes(6).toString('hex')}`;
}
