import { isMillraceError } from '@millrace/core';
import { describe, expect, test } from 'vitest';
import { settingsOf } from '../testing.ts';
import { readTelemetrySettings } from './read-settings.ts';
import { TELEMETRY_OFF } from './settings.ts';
import { unreadableFile } from './unreadable-file.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };

describe('the OTEL_* variables', () => {
  test('nothing set, disabled, or no exporter: off', () => {
    expect(settingsOf({})).toMatchObject({ traces: null, metrics: null, sampling: { mode: 'never' } });
    expect(settingsOf({ ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' })).toBe(TELEMETRY_OFF);
    expect(settingsOf({ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' })).toMatchObject({
      traces: null,
      metrics: { url: 'http://collector:4318/v1/metrics' },
    });
    expect(settingsOf({ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_EXPORTER: ' ' }).traces).toBeNull();
  });

  test('an endpoint, common or of the signal, or a named exporter: on', () => {
    expect(settingsOf(ENDPOINT).traces).toEqual({
      exporter: 'otlp',
      protocol: 'http/protobuf',
      url: 'http://collector:4318/v1/traces',
      headers: {},
      compression: 'none',
      timeoutMs: 10_000,
      caFile: null,
      keyFile: null,
      certFile: null,
      isInsecure: false,
    });
    const own = settingsOf({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://t:1/custom' });
    expect(own).toMatchObject({ traces: { url: 'https://t:1/custom' }, metrics: null });
    expect(settingsOf({ OTEL_TRACES_EXPORTER: 'otlp' }).traces).toMatchObject({
      url: 'http://localhost:4318/v1/traces',
    });
    expect(settingsOf({ OTEL_METRICS_EXPORTER: 'console,prometheus' }).metrics?.exporter).toBe('console');
    expect(settingsOf({ ...ENDPOINT, OTEL_METRICS_EXPORTER: 'prometheus' }).metrics).toBeNull();
  });

  test('how it is sent', () => {
    const { traces } = settingsOf({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c:4317',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=x%20y',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'b=2',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '500',
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/ca.pem',
      OTEL_EXPORTER_OTLP_INSECURE: 'true',
    });
    expect(traces).toMatchObject({
      protocol: 'grpc',
      url: 'https://c:4317',
      headers: { a: '1', b: '2' },
      compression: 'gzip',
      timeoutMs: 500,
      caFile: '/ca.pem',
      isInsecure: true,
    });
  });

  test('an unset sampler is our cuts, a set one the specification’s', () => {
    const sampling = (env: Record<string, string>) => settingsOf({ ...ENDPOINT, ...env }).sampling;
    expect(sampling({})).toMatchObject({ mode: 'cuts', rate: 0.01, isParentBased: false });
    expect(sampling({ OTEL_TRACES_SAMPLER_ARG: '0.1' })).toMatchObject({ mode: 'cuts', rate: 0.1 });
    expect(sampling({ OTEL_TRACES_SAMPLER: 'always_on' })).toMatchObject({ mode: 'always' });
    expect(sampling({ OTEL_TRACES_SAMPLER: 'always_off' })).toMatchObject({ mode: 'never' });
    expect(sampling({ OTEL_TRACES_SAMPLER: 'traceidratio' })).toMatchObject({ mode: 'ratio', rate: 1 });
    expect(
      sampling({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' }),
    ).toMatchObject({ mode: 'ratio', rate: 0.5, isParentBased: true });
  });

  test('what is watched inside of handlers is said as to OpenTelemetry’s own instrumentation of Node', () => {
    const watched = (env: Record<string, string>) => settingsOf({ ...ENDPOINT, ...env }).instrumentations;
    expect(watched({})).toEqual(['undici']);
    expect(watched({ OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'fs, undici' })).toEqual([]);
    expect(watched({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'redis, fs' })).toEqual([]);
    expect(watched({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http, ioredis' })).toEqual(['http', 'ioredis']);
    expect(watched({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,undici' })).toEqual(['undici', 'http']);
    expect(
      watched({
        OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,ioredis',
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'http',
      }),
    ).toEqual(['ioredis']);
  });

  test('who we are: the environment wins', () => {
    expect(settingsOf(ENDPOINT).resource).toMatchObject({
      'service.namespace': 'millrace',
      'service.name': 'millrace-test',
      'service.instance.id': 'one',
    });
    const env = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=a,k8s.pod.name=p%2C1', OTEL_SERVICE_NAME: 'b' };
    expect(settingsOf({ ...ENDPOINT, ...env }).resource).toMatchObject({
      'service.name': 'b',
      'k8s.pod.name': 'p,1',
    });
  });

  test('an exporter that is not known: what may be asked for, of that signal', () => {
    expect(() => settingsOf({ OTEL_METRICS_EXPORTER: 'zipkin' })).toThrow(
      "OTEL_METRICS_EXPORTER is 'zipkin'; must be one of otlp, console, prometheus, none",
    );
    expect(() => settingsOf({ OTEL_TRACES_EXPORTER: 'prometheus' })).toThrow(
      "OTEL_TRACES_EXPORTER is 'prometheus'; must be one of otlp, console, none",
    );
  });

  test('a file that cannot be read is named with the rest, as who exports reads them', () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector',
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/no/such.pem',
      OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: '/no/such.key',
      OTEL_PROPAGATORS: 'b3',
    };
    const service = { name: 'millrace-test', version: '1', instance: 'one' };
    expect(() => readTelemetrySettings(env, service, unreadableFile)).toThrow(
      /OTEL_EXPORTER_OTLP_CERTIFICATE names a file that cannot be read: ENOENT.*OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY names.*OTEL_PROPAGATORS/,
    );
    const { OTEL_PROPAGATORS: _, ...files } = env;
    expect(settingsOf(files).traces).toMatchObject({ caFile: '/no/such.pem' });
  });

  test('every bad variable is named at once', () => {
    const bad = {
      OTEL_SDK_DISABLED: 'maybe',
      OTEL_TRACES_EXPORTER: 'zipkin',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'thrift',
      OTEL_EXPORTER_OTLP_HEADERS: 'novalue',
      OTEL_EXPORTER_OTLP_TIMEOUT: '10s',
      OTEL_TRACES_SAMPLER: 'sometimes',
      OTEL_TRACES_SAMPLER_ARG: '7',
      OTEL_RESOURCE_ATTRIBUTES: 'a=%zz',
      OTEL_BSP_MAX_QUEUE_SIZE: '0',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '4096',
      OTEL_PROPAGATORS: 'b3',
    };
    try {
      settingsOf({ ...bad, OTEL_SDK_DISABLED: 'false' });
      expect.unreachable();
    } catch (error) {
      if (!isMillraceError(error, 'config_invalid')) throw error;
      const named = new Set(error.details.faults?.map(({ pointer }) => pointer));
      const { OTEL_SDK_DISABLED: _, ...rest } = bad;
      expect([...named].sort()).toEqual(Object.keys(rest).sort());
      for (const name of named) expect(error.message).toContain(name);
    }
    expect(() => settingsOf({ OTEL_SDK_DISABLED: 'maybe' })).toThrow(/OTEL_SDK_DISABLED is 'maybe'/);
  });
});
