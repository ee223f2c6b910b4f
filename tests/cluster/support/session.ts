import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Api } from './api.ts';
import { shared } from './release-setup.ts';

/** The release that all files share, settled before each case of this one, and its API. To be called once a file. */
export function session() {
  const release = shared();
  let open: Api | undefined;
  beforeAll(async () => {
    open = await release.api();
  });
  beforeEach(() => release.settled());
  afterAll(() => open?.close());
  const api: Api = {
    call: (...request) => (open as Api).call(...request),
    close: () => open?.close(),
  };
  return { release, api };
}
