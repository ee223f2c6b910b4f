import { expect, test } from 'vitest';
import { preferredWaitS } from './prefer.ts';

test.each([
  ['wait=5', 5],
  ['respond-async, wait=10', 10],
  ['Wait = "7" ; strict', 7],
  ['wait=600', 60],
  [['respond-async', 'wait=3'], 3],
])('%j asks for %d s', (prefer, seconds) => expect(preferredWaitS(prefer)).toBe(seconds));

test.each([undefined, '', 'wait', 'wait=0', 'wait=-1', 'wait=1.5', 'wait=soon', 'await=5', 'respond-async'])(
  '%j asks for nothing that can be read',
  (prefer) => expect(preferredWaitS(prefer)).toBeNull(),
);
