import type { Running } from './launcher.ts';

/** The few lines that tell what runs where and what to try. */
export function welcome(running: Running): string {
  const { config, url, ports, storeUrl, storeProgram, jaegerUrl, folder } = running;
  const health = (key: string) => `http://${config.http.healthHost}:${ports.get(key)}/readyz`;
  const store =
    storeProgram === null ? 'given' : `${storeProgram}, append-only in ${folder.store}, ${config.durability}`;
  const environment = ports.get('http.port') === 8080 ? '' : `MILLRACE_URL=${url} `;
  const pods = Object.values(config.pools).reduce((sum, pool) => sum + pool.pods, 0);
  const workers = `${pods} ${pods === 1 ? 'pod' : 'pods'} of ${config.worker.processes} processes, ${config.worker.concurrency} jobs at once in each, for every queue`;
  // With handlers of one's own nobody serves the shipped queue.
  const example =
    config.handlersDir === null
      ? `
  curl -s ${url}/v1/queues/call/jobs -H 'content-type: application/json' -H 'prefer: wait=5' -d '{"name":"call","data":{"n":100}}'
  ${environment}npx millrace enqueue call call '{"n":100}'`
      : `
  ${environment}npx millrace queues`;
  return `Millrace is up.
  producer    ${url}   (API: ${url}/openapi.json, health: ${health('http.healthPort')})
  supervisor  health: ${health('supervision.healthPort')}
  workers     ${workers}   (health: ${health('worker.healthPort')})
  store       ${storeUrl}   (${store})
${jaegerUrl === null ? '' : `  traces      ${jaegerUrl}   (Jaeger, in memory: gone with this run)\n`}  logs        ${folder.logs}

Try:${example}
  ${environment}npx millrace status

Ctrl-C drains and stops.
`;
}

/** The same for programs: one line of JSON. */
export function welcomeJson(running: Running, pids: Readonly<Record<string, number | null>>): string {
  const { url, storeUrl, ports, jaegerUrl, folder } = running;
  return `${JSON.stringify({ ready: true, url, store: storeUrl, jaeger: jaegerUrl, dir: folder.dir, ports: Object.fromEntries(ports), pids })}\n`;
}
