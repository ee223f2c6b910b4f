import { describe, expect, test } from 'vitest';
import { loopbackFault } from './loopback.ts';

describe('without tokens', () => {
  test.each(['localhost', 'localhost:8080', '127.0.0.1:8080', '127.9.9.9', '[::1]:8080', 'LocalHost:1'])(
    'a request to %s is answered',
    (host) => expect(loopbackFault({ host })).toBeNull(),
  );

  test.each([
    undefined,
    '',
    'evil.example',
    'localhost.evil.example:8080',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '0.0.0.0:8080',
  ])('a request to %s is refused: a name of somebody else may lead here', (host) =>
    expect(loopbackFault({ ...(host !== undefined && { host }) })).toMatch(/Host header/),
  );

  test('our own pages may call, other origins may not', () => {
    const host = 'localhost:8080';
    expect(
      loopbackFault({ host, origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' }),
    ).toBeNull();
    for (const origin of ['http://evil.example', 'http://localhost:3000', 'null']) {
      expect(loopbackFault({ host, origin })).toMatch(/no other web page/);
    }
    expect(loopbackFault({ host, 'sec-fetch-site': 'cross-site' })).toMatch(/no other web page/);
  });
});
