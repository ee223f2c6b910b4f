import { CONTAINER_SECURITY, POD_SECURITY } from './job.ts';
import type { Parts } from './manifest.ts';

const POD = {
  automountServiceAccountToken: 'false',
  securityContext: POD_SECURITY,
  containerSecurityContext: CONTAINER_SECURITY,
};

/**
 * A TestRun of the k6-operator. Each runner has its own share of the load, its own reader of the ledger and its own
 * verdict, for thresholds are judged by each k6 alone: the test has passed when every runner's Job has succeeded.
 */
export function testRunOf(parts: Parts, parallelism: number): object {
  const { name, labels, configMap, script, image, env, resources } = parts;
  return {
    apiVersion: 'k6.io/v1alpha1',
    kind: 'TestRun',
    metadata: { name, labels },
    spec: {
      parallelism,
      script: { configMap: { name: configMap, file: script } },
      runner: {
        ...POD,
        image,
        imagePullPolicy: 'IfNotPresent',
        metadata: { labels },
        env,
        resources,
      },
      starter: POD,
    },
  };
}
