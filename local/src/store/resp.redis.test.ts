import { describe, expect, it } from 'vitest';
import { testStore } from '../../../tests/support/store.ts';
import { freePort } from '../../../tests/support/store-setup.ts';
import { checkExternalStore } from './reachable.ts';
import { askStore, parseReply } from './resp.ts';

const soon = () => AbortSignal.timeout(5_000);

describe('replies of the store', () => {
  it('are parsed, however they are cut', () => {
    const text = '*3\r\n$3\r\nab\r\r\n:-7\r\n*-1\r\n';
    for (let cut = 0; cut < text.length - 1; cut++) expect(parseReply(text.slice(0, cut))).toBeNull();
    expect(parseReply(text)).toEqual({ value: ['ab\r', -7, []], next: text.length });
    expect(parseReply('$-1\r\n')?.value).toBeNull();
    expect(parseReply('-ERR no\r\n')?.value).toEqual(new Error('ERR no'));
    expect(() => parseReply('HTTP/1.1 400\r\n')).toThrow('not a Redis or Valkey store');
  });

  it('come from a real store, in order', async () => {
    const commands = [['PING'], ['ECHO', 'ü'], ['NOSUCH']];
    const [pong, echo, error] = await askStore(testStore().url, commands, soon());
    expect(pong).toBe('PONG');
    expect(Buffer.from(echo as string, 'latin1').length).toBeGreaterThan(0);
    expect(error).toBeInstanceOf(Error);
  });
});

describe('a store that somebody else runs', () => {
  it('is fine when it answers and evicts nothing', async () => {
    await checkExternalStore(testStore().url);
  });

  it('is named, without its password, when nothing answers', async () => {
    const port = await freePort();
    await expect(checkExternalStore(`redis://:secret@127.0.0.1:${port}`)).rejects.toThrow(
      `The store at redis://:***@127.0.0.1:${port} does not answer`,
    );
  });

  it('is refused when it does not let us in', async () => {
    const url = testStore().url.replace('redis://', 'redis://nobody:wrong@');
    await expect(checkExternalStore(url)).rejects.toThrow('does not answer (WRONGPASS');
  });
});
