import { expect, test } from 'vitest';
import { clientAddress } from './client-address.ts';

test.each([
  ['nobody in front is trusted by default', '9.9.9.9', 0, '10.0.0.1'],
  ['one proxy: what it wrote, not what the client made up', '1.1.1.1, 9.9.9.9', 1, '9.9.9.9'],
  ['two proxies', '1.1.1.1, 9.9.9.9, 10.0.0.2', 2, '9.9.9.9'],
  ['fewer entries than proxies', '9.9.9.9', 2, '9.9.9.9'],
  ['no address', 'unknown', 1, '10.0.0.1'],
  ['no header', undefined, 1, '10.0.0.1'],
  ['IPv6', '2001:db8::1', 1, '2001:db8::1'],
])('%s', (_, header, hops, address) => expect(clientAddress('10.0.0.1', header, hops)).toBe(address));
