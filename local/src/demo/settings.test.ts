import { expect, it } from 'vitest';
import { demoSampling } from './settings.ts';

it('samples one job in ten, unless the user says something of sampling', () => {
  expect(demoSampling({})).toEqual({ OTEL_TRACES_SAMPLER_ARG: '0.1' });
  expect(demoSampling({ OTEL_TRACES_SAMPLER: '', OTEL_TRACES_SAMPLER_ARG: ' ' })).not.toEqual({});
  expect(demoSampling({ OTEL_TRACES_SAMPLER_ARG: '0.5' })).toEqual({});
  expect(demoSampling({ OTEL_TRACES_SAMPLER: 'always_on' })).toEqual({});
});
