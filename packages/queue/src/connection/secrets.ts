import { readFileSync } from 'node:fs';
import { MillraceError, messageOf, type RedisSettings } from '@millrace/core';

/** Reads a file that a key of `redis` names. Throws `config_invalid`. */
export function readNamed(key: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new MillraceError(
      'config_invalid',
      `redis.${key} names a file that cannot be read: ${messageOf(error)}`,
    );
  }
}

/** Passwords as they stand in their files now. */
export interface Passwords {
  readonly password?: string;
  readonly sentinelPassword?: string;
}

/** A file's last line end is no part of the password. Throws `config_invalid`. */
export function readPasswords({
  passwordFile,
  sentinelPasswordFile,
}: Pick<RedisSettings, 'passwordFile' | 'sentinelPasswordFile'>): Passwords {
  const read = (key: string, file: string) => readNamed(key, file).replace(/\r?\n$/, '');
  return {
    ...(passwordFile && { password: read('passwordFile', passwordFile) }),
    ...(sentinelPasswordFile && {
      sentinelPassword: read('sentinelPasswordFile', sentinelPasswordFile),
    }),
  };
}
