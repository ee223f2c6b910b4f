import { expect, it } from 'vitest';
import { demoTracing } from './settings.ts';

it('samples one job in ten and sends soon, unless the user says it otherwise', () => {
  const ours = { OTEL_TRACES_SAMPLER_ARG: '0.1', OTEL_BSP_SCHEDULE_DELAY: '500' };
  expect(demoTracing({})).toEqual(ours);
  expect(demoTracing({ OTEL_TRACES_SAMPLER: '', OTEL_TRACES_SAMPLER_ARG: ' ' })).toEqual(ours);
  expect(demoTracing({ OTEL_TRACES_SAMPLER_ARG: '0.5', OTEL_BSP_SCHEDULE_DELAY: '9' })).toEqual({});
  expect(demoTracing({ OTEL_TRACES_SAMPLER: 'always_on', OTEL_BSP_SCHEDULE_DELAY: '9' })).toEqual({});
});
