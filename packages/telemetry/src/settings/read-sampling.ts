import { type SamplingPolicy, samplingPolicy } from '../sampling.ts';
import type { Reading } from './reading.ts';
import { DEFAULT_HASH_RATE } from './settings.ts';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** An unset `OTEL_TRACES_SAMPLER` means our cuts; a set one means what the specification says. */
export function readSampling(reading: Reading): SamplingPolicy {
  const isSet = reading.text('OTEL_TRACES_SAMPLER') !== undefined;
  const rate = readRate(reading, isSet ? 1 : DEFAULT_HASH_RATE);
  if (!isSet) return samplingPolicy('cuts', rate);
  const sampler = reading.choice(SAMPLERS, 'parentbased_always_on', 'OTEL_TRACES_SAMPLER');
  const isParentBased = sampler.startsWith('parentbased_');
  if (sampler.endsWith('always_on')) return samplingPolicy('always', 1, isParentBased);
  if (sampler.endsWith('always_off')) return samplingPolicy('never', 0, isParentBased);
  return samplingPolicy('ratio', rate, isParentBased);
}

function readRate(reading: Reading, fallback: number): number {
  const text = reading.text('OTEL_TRACES_SAMPLER_ARG');
  if (text === undefined) return fallback;
  const rate = Number(text);
  if (rate >= 0 && rate <= 1) return rate;
  reading.refuse('OTEL_TRACES_SAMPLER_ARG', `is '${text}'; must be a share from 0 to 1`);
  return fallback;
}
