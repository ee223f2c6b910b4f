import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const OFFER = new URL('./offer-sdk.ts', import.meta.url).href;

it('a file far from any node_modules finds the SDK and OpenTelemetry’s API, the very ones that we use', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-offer-'));
  const file = join(folder, 'handler.mjs');
  await writeFile(
    file,
    `import { defineHandler } from '@millrace/sdk';
     import { trace } from '@opentelemetry/api';
     export default [typeof defineHandler, typeof trace.getTracer];
     export const elsewhere = await import('left-pad').catch(({ code }) => code);`,
  );
  // Vitest resolves by rules of its own: only a process of Node tells.
  const script = `
    const { offerSdk } = await import('${OFFER}');
    offerSdk();
    const { default: found, elsewhere } = await import('${pathToFileURL(file).href}');
    process.stdout.write(JSON.stringify([...found, elsewhere]));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--input-type=module', '--no-warnings', '--eval', script],
  ]);
  expect(JSON.parse(stdout)).toEqual(['function', 'function', 'ERR_MODULE_NOT_FOUND']);
  await rm(folder, { recursive: true });
});
