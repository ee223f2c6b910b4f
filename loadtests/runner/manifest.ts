import { usersOf } from '../lib/scenarios.ts';
import { type Settings, settingsOf } from '../lib/settings.ts';
import { fullnameOf } from './fullname.ts';
import { jobOf } from './job.ts';
import { type LoadtestCommand, LoadtestUsage } from './options.ts';
import { flatScripts } from './scripts.ts';
import { testRunOf } from './test-run.ts';
import { yamlOf } from './yaml.ts';

export type Manifest = Extract<LoadtestCommand, { kind: 'manifest' }>;

/** What both kinds of manifest are made of. */
export interface Parts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly configMap: string;
  readonly script: string;
  readonly image: string;
  readonly env: readonly object[];
  readonly resources: object;
  /** Longest time that the whole run may take, s. */
  readonly deadlineS: number;
}

const SETUP_AND_TEARDOWN_S = 300;
/** What k6 takes, MiB: a virtual user of these scripts about 0.7 (k6 1.8), beside what it takes without any. */
const A_USER_MI = 1;
const NO_USER_MI = 192;

/** Of one runner. */
function resourcesOf(settings: Settings): object {
  const { ready, most } = usersOf(settings);
  const mi = (users: number) => `${NO_USER_MI + Math.ceil((users * A_USER_MI) / settings.runners)}Mi`;
  return { requests: { cpu: '100m', memory: mi(ready) }, limits: { memory: mi(most) } };
}

function partsOf(command: Manifest): Parts {
  const { test, release, environment, image, parallelism } = command;
  const fullname = fullnameOf(release);
  const name = `millrace-load-${test}`;
  const variables = {
    MILLRACE_URL: `http://${fullname}-producer:8080`,
    ...environment,
    MILLRACE_LOAD_OUT: '-',
    ...(parallelism > 1 ? { MILLRACE_LOAD_RUNNERS: String(parallelism) } : {}),
  };
  let settings: Settings;
  try {
    settings = settingsOf(test, variables);
  } catch (error) {
    throw new LoadtestUsage((error as Error).message);
  }
  const key = settings.killEveryS > 0 ? 'admin' : 'operator';
  const token = { secretKeyRef: { name: command.secret ?? `${fullname}-auth`, key } };
  return {
    name,
    labels: {
      'app.kubernetes.io/name': 'millrace-loadtest',
      'app.kubernetes.io/component': 'loadtest',
      'millrace.dev/loadtest': test,
    },
    configMap: `${name}-scripts`,
    script: `${test}.ts`,
    image,
    env: [
      ...Object.entries(variables).map(([variable, value]) => ({ name: variable, value })),
      { name: 'MILLRACE_TOKEN', valueFrom: token },
    ],
    resources: resourcesOf(settings),
    deadlineS: Math.ceil(settings.durationS + settings.drainS + SETUP_AND_TEARDOWN_S),
  };
}

/** A run in a cluster, as YAML for `kubectl apply`: the scripts in a ConfigMap, and the Job or the TestRun that runs them. */
export async function manifestText(command: Manifest, home: URL): Promise<string> {
  const parts = partsOf(command);
  const scripts = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: parts.configMap, labels: parts.labels },
    data: Object.fromEntries(await flatScripts(command.test, home)),
  };
  const run = command.as === 'job' ? jobOf(parts) : testRunOf(parts, command.parallelism);
  return `${yamlOf(scripts)}---\n${yamlOf(run)}`;
}
