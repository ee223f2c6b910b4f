import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';

/** The real store of this test run. */
export function testStore(): { url: string; port: number } {
  const port = inject('storePort');
  return { url: `redis://127.0.0.1:${port}`, port };
}

/** A key prefix that no other test uses. */
export function uniquePrefix(): string {
  return `t${randomBytes(6).toString('hex')}`;
}
