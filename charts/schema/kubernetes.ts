import { anyList, closed, type JsonSchema } from './json-schema.ts';

const LABEL = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
const UNIT = '[numkMGTPE]|[KMGTPE]i|[eE][+-]?\\d+';

/** Part of an object's name, or nothing. */
export const dnsLabel: JsonSchema = { type: 'string', pattern: `^(${LABEL})?$` };

/** What a Service's name may begin with, or nothing: a label that begins with a letter. */
export const serviceName: JsonSchema = { type: 'string', pattern: '^([a-z]([-a-z0-9]{0,61}[a-z0-9])?)?$' };

/** An amount of a resource, never negative; null where a layer below has one that shall not count. */
export const quantity: JsonSchema = {
  type: ['string', 'number', 'null'],
  minimum: 0,
  pattern: `^(\\d+\\.?\\d*|\\.\\d+)(${UNIT})?$`,
};

/** By the name of a resource: Kubernetes' own ones, and a device plugin's `domain/name`. */
const quantities: JsonSchema = {
  ...closed({ cpu: quantity, memory: quantity, 'ephemeral-storage': quantity }),
  // Not propertyNames: Helm's validator reports those at a place that is not theirs.
  patternProperties: {
    '^hugepages-\\d+[KMG]i$': quantity,
    [`^${LABEL}(\\.${LABEL})*/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`]: quantity,
  },
};

/** A container's `resources`. */
export const resources: JsonSchema = closed({ limits: quantities, requests: quantities, claims: anyList });
