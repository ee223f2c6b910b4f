import { carrierOf, NO_CARRIER, readCarrier } from '@millrace/telemetry';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundedBaggage, MAX_BAGGAGE, storedCarrier } from './stored-carrier.ts';

const under = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), isSampled: true };

test('nothing is carried for who brought nothing', () => {
  expect(storedCarrier(NO_CARRIER, null)).toBeNull();
});

test('is read as what it was', () => {
  const carrier = carrierOf({
    traceparent: `00-${'12'.repeat(16)}-${'34'.repeat(8)}-01`,
    tracestate: 'vendor=1',
    baggage: 'millrace.run.id=r1,millrace.scheduled_us=1790000000000000,other=x',
  });
  expect(readCarrier(storedCarrier(carrier, under))).toEqual({ ...carrier, parent: under });
});

test('law: baggage that is carried is short, whole members of what came, in their order, and all of it where it fits', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(lengths, (all) => {
      const members = all.map((length, index) => `m${index}=${'x'.repeat(length)}`);
      const text = members.join(',');
      const kept = boundedBaggage(text);
      expect(kept?.length ?? 0).toBeLessThanOrEqual(MAX_BAGGAGE);
      if (text.length <= MAX_BAGGAGE) expect(kept).toBe(text);
      let from = 0;
      for (const one of kept?.split(',') ?? []) {
        const at = members.indexOf(one, from);
        expect(at).toBeGreaterThanOrEqual(from);
        from = at + 1;
      }
    }),
  );
});

test('a member that is too long takes no other with it', () => {
  expect(boundedBaggage(`long=${'x'.repeat(MAX_BAGGAGE)},millrace.run.id=r1`)).toBe('millrace.run.id=r1');
  expect(boundedBaggage('x'.repeat(MAX_BAGGAGE + 1))).toBeUndefined();
});
