import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { byHand, installCommand, PACKAGE_MANAGERS } from './package-managers.ts';

const manager = (command: string) => {
  const found = PACKAGE_MANAGERS.find((each) => each.command === command);
  if (!found) throw new Error(`${command} is not known`);
  return found;
};

it('runs as root or through sudo, and not at all without either', () => {
  const [apt, brew] = [manager('apt-get'), manager('brew')];
  expect(installCommand(apt, 'own')?.slice(0, 2)).toEqual(['sh', '-c']);
  expect(installCommand(apt, 'sudo')?.slice(0, 4)).toEqual(['sudo', '-n', 'sh', '-c']);
  expect(installCommand(apt, 'none')).toBeNull();
  expect(installCommand(brew, 'none')?.[0]).toBe('sh');
});

it('says what a person would type', () => {
  expect(byHand(manager('apt-get'))).toBe('sudo apt-get install redis-server');
  expect(byHand(manager('pacman'))).toBe('sudo pacman -S redis');
  expect(byHand(manager('brew'))).toBe('brew install redis');
});

it.each(PACKAGE_MANAGERS.map((each) => [each.command, each] as const))(
  '%s: the script is one that a POSIX shell can read',
  async (_, { script }) => {
    await promisify(execFile)('sh', ['-n', '-c', script]);
  },
);
