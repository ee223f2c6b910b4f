import { expect, it } from 'vitest';
import { serverArguments } from './server-arguments.ts';

const option = (args: readonly string[], name: string) => args[args.indexOf(`--${name}`) + 1];

it('loses nothing that was answered, evicts nothing and listens on loopback alone', () => {
  const args = serverArguments({ port: 7001, dir: '/d', durability: 'fsync' });
  expect(option(args, 'appendonly')).toBe('yes');
  expect(option(args, 'appendfsync')).toBe('always');
  expect(option(args, 'maxmemory-policy')).toBe('noeviction');
  expect(option(args, 'bind')).toBe('127.0.0.1');
  expect(option(args, 'port')).toBe('7001');
  expect(option(args, 'dir')).toBe('/d');
  expect(option(args, 'latency-monitor-threshold')).toBe('10');
});

it('gives durability up only where it is told to', () => {
  const args = serverArguments({ port: 7001, dir: '/d', durability: 'everysec' });
  expect(option(args, 'appendfsync')).toBe('everysec');
});
