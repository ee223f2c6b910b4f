import { TELEMETRY_OFF } from '@millrace/telemetry';
import { expect, test } from 'vitest';
import { openSpan } from '../../../../tests/fixtures/open-span.ts';
import { openRemoteTracing } from './remote-tracing.ts';

const placed = (digit: string) => ({
  place: { traceId: digit.repeat(32), spanId: digit.repeat(16) },
  isSampled: true,
});

test('a run hands over its own spans, and not what runs before it left behind', async () => {
  const tracing = await openRemoteTracing({ ...TELEMETRY_OFF, traces: { exporter: 'console' } });
  const { result: left } = await tracing.run(placed('a'), async () => {
    const names = ['between', 'during'];
    const spans = names.map(openSpan);
    openSpan('own').end();
    return spans;
  });
  left[0]?.end();
  const { spans } = await tracing.run(placed('b'), async () => {
    openSpan('own').end();
    left[1]?.end();
  });
  expect(spans.map(({ traceId, name }) => [traceId[0], name])).toEqual([['b', 'own']]);
});
