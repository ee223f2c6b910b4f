/** The environment variables that Millrace reads, and what they say. Anything else called MILLRACE_… is refused. */
export const ENVIRONMENT_REFERENCE = {
  MILLRACE_CONFIG: 'path of the configuration file (YAML)',
  MILLRACE_REDIS_URL: 'the store; wins over `redis.url`',
  MILLRACE_REDIS_PASSWORD_FILE: 'file with the store’s password; wins over `redis.passwordFile`',
  MILLRACE_HANDLERS: 'directory of handler files; unset: the shipped handlers',
  MILLRACE_TOKENS_FILE:
    'bearer tokens, hashed, a JSON object a line; reloaded; required to listen beyond loopback',
  MILLRACE_LINK_KEY_FILE:
    'keys of the links, one a line: the first signs, each is accepted; read anew for every hello',
  MILLRACE_SUPERVISORS: '`host:port` of every supervisor, comma-separated',
  MILLRACE_POD_NAME: 'in Kubernetes: the pod’s name (downward API)',
  MILLRACE_POD_UID: 'in Kubernetes: the pod’s uid (downward API)',
  MILLRACE_NODE_NAME: 'in Kubernetes: the node that the pod runs on (downward API)',
  MILLRACE_NAMESPACE: 'in Kubernetes: the namespace of the release (downward API)',
  MILLRACE_RELEASE: 'in Kubernetes: the release, as `app.kubernetes.io/instance` has it',
  MILLRACE_APP_NAME: 'in Kubernetes: the application, as `app.kubernetes.io/name` has it; default `millrace`',
  MILLRACE_FULLNAME:
    'in Kubernetes: what the names of the release’s objects begin with; default: the release',
  MILLRACE_CPU_REQUEST: 'in Kubernetes: CPU request, thousandths of a core (downward API, divisor `1m`)',
  MILLRACE_URL: 'where the CLI finds the producer; default `http://127.0.0.1:8080`',
  MILLRACE_TOKEN: 'the bearer token that the CLI sends',
  MILLRACE_LOG_LEVEL: 'debug, info, warn, error or silent; wins over `log.level`',
} as const;

export const ENVIRONMENT: readonly string[] = Object.keys(ENVIRONMENT_REFERENCE);
