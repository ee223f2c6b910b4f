import { call, type HttpAnswer } from '../../support/http.ts';
import { commandLine } from './commands.ts';
import { begin, must } from './shell.ts';

/** A producer's API through kubectl's port-forward, which is bound to one pod and is opened anew when that ends. */
export interface Api {
  /** Answers whatever the status; a connection that broke is opened again, and asked once more if that changes nothing. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<HttpAnswer>;
  close(): void;
}

/** Asked twice they do what they do once. */
const REPEATABLE = new Set(['GET', 'PUT', 'DELETE']);
const FORWARDING = /Forwarding from 127\.0\.0\.1:(\d+)/;

async function forward(namespace: string, target: string, port: number) {
  const process = begin(['kubectl', '-n', namespace, 'port-forward', target, `:${port}`]);
  const url = await new Promise<string>((resolve, reject) => {
    process.child.stdout?.on('data', () => {
      const found = FORWARDING.exec(process.said())?.[1];
      if (found) resolve(`http://127.0.0.1:${found}`);
    });
    process.ended.then(() => reject(new Error(`port-forward ended: ${process.said()}`)));
  });
  return { url, child: process.child, ended: process.ended };
}

/** Opens the API of a service (`svc/NAME`) or a pod (`pod/NAME`). `token` null: anonymous. */
export function openApi(namespace: string, target: string, token: string | null, port = 8080): Api {
  let open: ReturnType<typeof forward> | undefined;
  const login: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };

  function line() {
    open ??= forward(namespace, target, port);
    const mine = open;
    const forget = () => {
      if (open === mine) open = undefined;
    };
    mine.then(({ ended }) => ended.then(forget), forget);
    return mine;
  }

  async function ask(...[method, path, body, headers]: Parameters<Api['call']>): Promise<HttpAnswer> {
    const { url, child } = await line();
    try {
      return await call(url, method, path, body, { ...login, ...headers });
    } catch (error) {
      child.kill('SIGKILL');
      open = undefined;
      throw error;
    }
  }
  return {
    call: (...request) =>
      ask(...request).catch((error) => {
        if (!REPEATABLE.has(request[0])) throw error;
        return ask(...request);
      }),
    close() {
      open?.then(({ child }) => child.kill('SIGKILL')).catch(() => undefined);
      open = undefined;
    },
  };
}

/** The API of a service from inside the cluster's network: with the API server away no port is forwarded. */
export function openInside(url: string, token: string): Api {
  return {
    async call(method, path, body, headers = {}) {
      const sent = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers };
      const lines = Object.entries(sent).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
      const data = body === undefined ? [] : ['-d', JSON.stringify(body)];
      const curl = ['curl', '-sS', '-m', '10', '-w', '\\n%{http_code}', '-X', method, ...lines, ...data];
      const said = await must(commandLine('CLUSTER_IN', ...curl, url + path));
      const end = said.lastIndexOf('\n');
      const text = said.slice(0, end);
      const status = Number(said.slice(end + 1));
      return { status, headers: new Headers(), body: text === '' ? null : JSON.parse(text) };
    },
    close: () => undefined,
  };
}
