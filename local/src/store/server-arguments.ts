/** What our own store server is started with. */
export interface ServerSettings {
  readonly port: number;
  /** Absolute; holds the append-only files. */
  readonly dir: string;
  readonly durability: 'fsync' | 'everysec';
}

/**
 * The command line of our own store: loopback only, append-only file, nothing ever evicted.
 * `fsync` answers an add only after its fsync; `everysec` may lose up to two seconds with the machine.
 */
export function serverArguments(settings: ServerSettings): string[] {
  const options: Record<string, string> = {
    port: String(settings.port),
    bind: '127.0.0.1',
    dir: settings.dir,
    appendonly: 'yes',
    appendfsync: settings.durability === 'fsync' ? 'always' : 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
    // It remembers calls and fsyncs of 10 ms and more: a report tells a slow disk by them.
    'latency-monitor-threshold': '10',
  };
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
}
