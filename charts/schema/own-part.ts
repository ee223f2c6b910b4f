import {
  anyList,
  anyMap,
  at,
  closed,
  type JsonSchema,
  oneOf,
  orNull,
  overlay,
  text,
  without,
} from './json-schema.ts';
import { dnsLabel, quantity, resources, serviceName } from './kubernetes.ts';

/** Of the configuration file, what the chart decides. */
const DECIDED = [
  'redis',
  'http.host',
  'http.port',
  'http.healthHost',
  'http.healthPort',
  'http.lingerMs',
  'supervision.linkHost',
  'supervision.linkPort',
  'supervision.healthPort',
  'supervision.replicas',
  'worker.processes',
  'worker.concurrency',
  'worker.cpuThreads',
  'worker.standby',
  'worker.maxOldSpace',
  'worker.nodeOptions',
  'worker.healthPort',
  'pools',
  'durability',
];

const number = (minimum: number): JsonSchema => ({ type: 'integer', minimum });

/** Keys whose values Kubernetes reads, wherever they stand. */
export const PASSED_ON: Readonly<Record<string, JsonSchema>> = {
  resources,
  replicas: number(0),
  minReplicas: number(0),
  maxReplicas: number(1),
  minReadySeconds: number(0),
  revisionHistoryLimit: number(0),
  lostNodeSeconds: number(0),
  terminationGracePeriodSeconds: number(1),
  rollout: anyMap,
  behavior: anyMap,
  startup: anyMap,
  readiness: anyMap,
  liveness: anyMap,
  lifecycle: anyMap,
  annotations: anyMap,
  labels: anyMap,
  topologySpreadConstraints: orNull(anyList),
};

/** What `defaults` says under every pod, and a component over it. */
const EVERY_POD: Readonly<Record<string, JsonSchema>> = {
  extraContainers: anyList,
  initContainers: anyList,
};

const digest: JsonSchema = { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' };
const pullPolicy = oneOf('Always', 'IfNotPresent', 'Never');
const tag: JsonSchema = { type: ['string', 'number'] };
const image = closed({ registry: text, repository: text, tag, digest, pullPolicy });
const percentOrNumber: JsonSchema = { anyOf: [number(0), { type: 'string', pattern: '^\\d+%?$' }] };

/** The configuration file as `config` takes it. */
export function configPart(config: JsonSchema): JsonSchema {
  return overlay(without(config, DECIDED));
}

function poolPart(config: JsonSchema): Record<string, JsonSchema> {
  const of = (path: string) => orNull(overlay(at(config, path)));
  return {
    queues: of('pools.x.queues'),
    strategy: overlay(at(config, 'pools.x.strategy')),
    restart: overlay(at(config, 'pools.x.restart')),
    intensity: of('pools.x.intensity'),
    periodMs: of('pools.x.periodMs'),
    processes: of('worker.processes'),
    concurrency: of('worker.concurrency'),
    standby: of('worker.standby'),
    cpuThreads: of('worker.cpuThreads'),
    maxOldSpace: of('worker.maxOldSpace'),
    nodeOptions: overlay(at(config, 'worker.nodeOptions')),
    drain: overlay(at(config, 'drain')),
    order: number(0),
    wholeCores: orNull(number(1)),
    image,
  };
}

/** Values whose default does not say what they take, by dotted path. */
export function ownPart(config: JsonSchema): ReadonlyMap<string, JsonSchema> {
  const own: Record<string, JsonSchema> = {
    profile: oneOf('evaluation', 'production'),
    // Charts above this one put what they like into it.
    global: { type: 'object', properties: { imageRegistry: text } },
    nameOverride: dnsLabel,
    fullnameOverride: serviceName,
    namespaceOverride: dnsLabel,
    'image.tag': tag,
    'image.digest': digest,
    'image.pullPolicy': pullPolicy,
    config: configPart(config),
    'store.evaluation.image': image,
    'store.evaluation.appendfsync': oneOf('always', 'everysec', 'no'),
    // As Valkey reads it (`kb` is 1024, `k` 1000); 0 would be no bound.
    'store.evaluation.maxmemory': { type: 'string', pattern: '^[1-9]\\d*([bB]|[kKmMgG][bB]?)?$' },
    'store.evaluation.persistence.size': quantity,
    'store.evaluation.persistence.chown': oneOf('auto', 'always', 'never'),
    'jaeger.image': image,
    'producer.image': image,
    'producer.lingerMs': number(0),
    'producer.drain': overlay(at(config, 'drain')),
    'producer.service.port': { ...number(1), maximum: 65_535 },
    'producer.service.type': oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
    'telemetry.protocol': oneOf('http/protobuf', 'http/json', 'grpc'),
    'telemetry.samplerArg': { type: ['string', 'number'] },
    'worker.autoscaling.keda.idleReplicas': orNull(number(0)),
    'worker.autoscaling.keda.fallback.behavior': oneOf(
      'static',
      'currentReplicas',
      'currentReplicasIfHigher',
      'currentReplicasIfLower',
    ),
  };
  for (const [key, schema] of Object.entries(poolPart(config))) own[`worker.${key}`] = schema;
  for (const component of ['producer', 'supervisor', 'worker']) {
    own[`pdb.${component}.minAvailable`] = orNull(percentOrNumber);
    own[`pdb.${component}.maxUnavailable`] = orNull(percentOrNumber);
  }
  return new Map(Object.entries(own));
}

/** What a component takes beyond what values.yaml shows of it: all of `defaults`, and containers. */
export function podPart(defaults: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return {
    ...defaults.properties,
    ...EVERY_POD,
    lifecycle: anyMap,
    terminationGracePeriodSeconds: number(1),
  };
}
