/** One TCP socket of a network namespace, as /proc/net/tcp has it. */
export interface Socket {
  readonly localIp: string;
  readonly localPort: number;
  readonly remoteIp: string;
  readonly remotePort: number;
  readonly listens: boolean;
}

/** Of include/net/tcp_states.h: what is being opened or open. The rest is over, and may lie about for minutes. */
const LIVING = new Set(['01', '02', '03']);
const LISTEN = '0A';
const MAPPED = '0000000000000000FFFF0000';

/** Addresses are words in the byte order of the machine, which is little-endian wherever we run. */
function addressOf(hex: string): string {
  const words = hex.length === 8 ? hex : hex.startsWith(MAPPED) ? hex.slice(MAPPED.length) : null;
  if (words !== null)
    return (words.match(/../g) ?? [])
      .reverse()
      .map((byte) => Number.parseInt(byte, 16))
      .join('.');
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  return (bytes.join('').match(/.{4}/g) ?? []).join(':').toLowerCase();
}

function endOf(text: string): [string, number] {
  const [address = '', port = ''] = text.split(':');
  return [addressOf(address), Number.parseInt(port, 16)];
}

/** Sockets that listen or live, in the text of /proc/net/tcp, of /proc/net/tcp6, or of both. */
export function parseSockets(text: string): Socket[] {
  return text.split('\n').flatMap((line) => {
    const [, local, remote, state] = /^\s*\d+: (\S+) (\S+) (\S+)/.exec(line) ?? [];
    if (local === undefined || remote === undefined || state === undefined) return [];
    if (state !== LISTEN && !LIVING.has(state)) return [];
    const [localIp, localPort] = endOf(local);
    const [remoteIp, remotePort] = endOf(remote);
    return [{ localIp, localPort, remoteIp, remotePort, listens: state === LISTEN }];
  });
}

/** A connection of a pod with somebody else; `port` is the listener's. */
export interface SeenConnection {
  readonly direction: 'out' | 'in';
  readonly otherIp: string;
  readonly port: number;
}

/** Who a network namespace is connected with, each once; its own loopback is left out. */
export function connectionsOf(sockets: readonly Socket[]): SeenConnection[] {
  const listened = new Set(sockets.filter(({ listens }) => listens).map(({ localPort }) => localPort));
  const all = sockets
    .filter(({ listens, remoteIp }) => !listens && !remoteIp.startsWith('127.'))
    .map((socket): SeenConnection => {
      const { localPort, remoteIp: otherIp, remotePort } = socket;
      return listened.has(localPort)
        ? { direction: 'in', otherIp, port: localPort }
        : { direction: 'out', otherIp, port: remotePort };
    });
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()];
}
