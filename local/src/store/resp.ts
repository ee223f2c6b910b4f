import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A reply of the store; an error reply is an Error value. */
export type Reply = string | number | null | Error | readonly Reply[];

/**
 * Parses one RESP2 reply of `text` from `at`. Null when it is not complete yet.
 * Enough for the few questions a launcher asks a store; jobs go through packages/queue.
 */
export function parseReply(text: string, at = 0): { value: Reply; next: number } | null {
  const end = text.indexOf('\r\n', at);
  if (end === -1) return null;
  const line = text.slice(at + 1, end);
  const next = end + 2;
  switch (text[at]) {
    case '+':
      return { value: line, next };
    case '-':
      return { value: new Error(line), next };
    case ':':
      return { value: Number(line), next };
    case '$':
      return parseBulk(text, next, Number(line));
    case '*':
      return parseArray(text, next, Number(line));
    default:
      throw new Error('this is not a Redis or Valkey store');
  }
}

function parseBulk(text: string, at: number, length: number): { value: Reply; next: number } | null {
  if (length < 0) return { value: null, next: at };
  if (text.length < at + length + 2) return null;
  return { value: text.slice(at, at + length), next: at + length + 2 };
}

function parseArray(text: string, at: number, length: number): { value: Reply; next: number } | null {
  const values: Reply[] = [];
  let next = at;
  for (let i = 0; i < length; i++) {
    const element = parseReply(text, next);
    if (element === null) return null;
    values.push(element.value);
    next = element.next;
  }
  return { value: values, next };
}

function encode(command: readonly string[]): string {
  return `*${command.length}\r\n${command.map((word) => `$${Buffer.byteLength(word, 'latin1')}\r\n${word}\r\n`).join('')}`;
}

async function open(url: URL): Promise<Socket> {
  const address = {
    host: url.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1',
    port: Number(url.port || 6379),
  };
  const secure = url.protocol === 'rediss:';
  const socket = secure ? connectTls({ ...address, servername: address.host }) : connectTcp(address);
  await once(socket, secure ? 'secureConnect' : 'connect');
  return socket.setEncoding('latin1');
}

function loginOf(url: URL): string[][] {
  if (url.password === '') return [];
  const [user, password] = [url.username, url.password].map(decodeURIComponent) as [string, string];
  return [['AUTH', ...(user === '' ? [] : [user]), password]];
}

/**
 * Sends `commands` to the store at `url` (redis:// or rediss://) over a connection of their own and returns their
 * replies in order. Rejects when it cannot be reached, or when `signal` aborts.
 */
export async function askStore(
  url: string,
  commands: readonly (readonly string[])[],
  signal: AbortSignal,
): Promise<Reply[]> {
  const parsed = new URL(url);
  const login = loginOf(parsed);
  const opening = open(parsed);
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  // A connection that opens after the deadline is closed all the same.
  opening.then(
    (socket) => signal.addEventListener('abort', () => socket.destroy()),
    () => undefined,
  );
  const socket = await Promise.race([opening, aborted]);
  try {
    const asked = [...login, ...commands];
    socket.write(asked.map(encode).join(''), 'latin1');
    const replies = await Promise.race([readReplies(socket, asked.length), aborted]);
    const refused = replies.slice(0, login.length).find((reply) => reply instanceof Error);
    if (refused) throw refused;
    return replies.slice(login.length);
  } finally {
    socket.destroy();
  }
}

function readReplies(socket: Socket, count: number): Promise<Reply[]> {
  return new Promise((resolve, reject) => {
    const replies: Reply[] = [];
    let text = '';
    let at = 0;
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the store closed the connection')));
    socket.on('data', (chunk: string) => {
      text += chunk;
      try {
        for (let parsed = parseReply(text, at); parsed; parsed = parseReply(text, at)) {
          replies.push(parsed.value);
          at = parsed.next;
          if (replies.length === count) return resolve(replies);
        }
      } catch (error) {
        reject(error);
      }
    });
  });
}
