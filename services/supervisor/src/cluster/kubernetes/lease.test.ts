import { describe, expect, test } from 'vitest';
import { type LeaseObject, leaseSpec, leaseStep, sight } from './lease.ts';

const lease = (version: string, spec: LeaseObject['spec'] = {}): LeaseObject => ({
  metadata: { name: 'l', uid: 'u', resourceVersion: version },
  spec: { leaseDurationSeconds: 4, ...spec },
});

describe('a lease', () => {
  test('is renewed by its holder and taken when it is free', () => {
    const seen = { version: '1', atMs: 0 };
    expect(leaseStep(lease('1', { holderIdentity: 'us' }), 'us', seen, 0)).toBe('renew');
    expect(leaseStep(lease('1', { holderIdentity: '' }), 'us', seen, 0)).toBe('take');
    expect(leaseStep(lease('1'), 'us', seen, 0)).toBe('take');
  });

  test('is another’s until nobody has seen it renewed for its duration: the times in it have no say', () => {
    const theirs = lease('1', { holderIdentity: 'them', renewTime: '1999-01-01T00:00:00.000000Z' });
    const seen = sight(null, theirs, 1_000);
    expect(leaseStep(theirs, 'us', seen, 5_000)).toBe('leave');
    expect(leaseStep(theirs, 'us', seen, 5_001)).toBe('take');
    const renewed = sight(seen, lease('2', { holderIdentity: 'them' }), 4_900);
    expect(leaseStep(theirs, 'us', renewed, 5_001)).toBe('leave');
  });

  test('seen again unchanged is as old as it was', () => {
    const seen = sight(null, lease('1'), 1_000);
    expect(sight(seen, lease('1'), 3_000)).toBe(seen);
    expect(sight(seen, lease('2'), 3_000)).toEqual({ version: '2', atMs: 3_000 });
  });
});

test('what is written names us, counts changes of hands, and keeps when we took it', () => {
  const taken = leaseSpec({ holderIdentity: 'them', leaseTransitions: 3 }, 'us', 1_769_882_400_123);
  expect(taken).toEqual({
    ...{ holderIdentity: 'us', leaseDurationSeconds: 4, leaseTransitions: 4 },
    acquireTime: '2026-01-31T18:00:00.123000Z',
    renewTime: '2026-01-31T18:00:00.123000Z',
  });
  const renewed = leaseSpec(taken, 'us', 1_769_882_401_123);
  expect(renewed).toEqual({ ...taken, renewTime: '2026-01-31T18:00:01.123000Z' });
  expect(leaseSpec(undefined, 'us', 1_769_882_400_123).leaseTransitions).toBe(0);
});
