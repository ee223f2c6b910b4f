import type { Parts } from './manifest.ts';

/** k6 as the strictest Pod Security standard (restricted) has it; the numbers are those of k6's own image. */
export const POD_SECURITY = {
  runAsNonRoot: true,
  runAsUser: 12345,
  runAsGroup: 12345,
  seccompProfile: { type: 'RuntimeDefault' },
};
export const CONTAINER_SECURITY = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

const SCRIPTS = '/scripts';
const KEPT_S = 86_400;

/** A plain Job: it succeeds when the run has passed, and its log ends with the report. */
export function jobOf(parts: Parts): object {
  const { name, labels, configMap, script, image, env, resources, deadlineS } = parts;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, labels },
    spec: {
      // A verdict is not tried again.
      backoffLimit: 0,
      activeDeadlineSeconds: deadlineS,
      ttlSecondsAfterFinished: KEPT_S,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: POD_SECURITY,
          containers: [
            {
              name: 'k6',
              image,
              imagePullPolicy: 'IfNotPresent',
              command: ['k6'],
              args: ['run', '--quiet', `${SCRIPTS}/${script}`],
              env,
              resources,
              securityContext: CONTAINER_SECURITY,
              volumeMounts: [{ name: 'scripts', mountPath: SCRIPTS, readOnly: true }],
            },
          ],
          volumes: [{ name: 'scripts', configMap: { name: configMap } }],
        },
      },
    },
  };
}
