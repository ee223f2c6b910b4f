import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { lifecycleStress } from '@millrace/core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWire, type Wire } from './wire.ts';

/** Answers each chunk with itself. */
const echo = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => undefined);
  socket.pipe(socket);
});
const sockets: Socket[] = [];
let wire: Wire;

beforeEach(async () => {
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  wire = createWire();
  await wire.start();
  wire.target = { host: '127.0.0.1', port: (echo.address() as { port: number }).port };
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await wire.stop();
  echo.close();
  await once(echo, 'close');
});

async function dial(name: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: wire.port, noDelay: true });
  socket.on('error', () => undefined);
  sockets.push(socket);
  await says(socket, `I am ${name}`);
  return socket;
}

async function says(socket: Socket, text: string): Promise<void> {
  const answer = once(socket, 'data');
  socket.write(text);
  expect(String((await answer)[0])).toBe(text);
}

const is = (name: string) => (head: string) => head.includes(name);

test('it passes on what both sides say', async () => {
  const socket = await dial('anna');
  await says(socket, 'hello');
  expect(wire.open()).toBe(1);
});

test('a reset hits those it names, and only them', async () => {
  const [anna, ben] = [await dial('anna'), await dial('ben')];
  const closed = new Promise((resolve) => anna.once('close', resolve));
  expect(wire.reset(is('anna'))).toBe(1);
  await closed;
  await says(ben, 'still here');
});

test('what is held arrives after the release, in order, and others are not held', async () => {
  const [anna, ben] = [await dial('anna'), await dial('ben')];
  const heard: string[] = [];
  anna.on('data', (chunk) => heard.push(String(chunk)));
  const release = wire.hold(is('anna'));
  anna.write('one ');
  anna.write('two');
  await says(ben, 'a round trip of somebody else');
  expect(heard.join('')).toBe('');
  release();
  release();
  while (heard.join('') !== 'one two') await once(anna, 'data');
});

test('held, the other end does not hear of the end either', async () => {
  const [anna, ben] = [await dial('anna'), await dial('ben')];
  const release = wire.hold(is('anna'));
  anna.destroy();
  await says(ben, 'a round trip of somebody else');
  expect(wire.open()).toBe(2);
  release();
  while (wire.open() !== 1) await new Promise(setImmediate);
});

test('a connection that is dialled while its name is held does not even get its name through', async () => {
  let got = '';
  echo.once('connection', (socket) =>
    socket.on('data', (chunk) => {
      got += chunk;
    }),
  );
  const release = wire.hold(is('carl'));
  const carl = connect({ host: '127.0.0.1', port: wire.port, noDelay: true });
  sockets.push(carl);
  let heard = '';
  carl.on('data', (chunk) => {
    heard += chunk;
  });
  carl.write('I am carl');
  await says(await dial('ben'), 'a round trip of somebody else');
  expect(heard + got).toBe('');
  release();
  while (heard !== 'I am carl') await once(carl, 'data');
});

test('one way held: what goes up arrives, what comes back does not', async () => {
  const anna = await dial('anna');
  const release = wire.hold(is('anna'), 'down');
  let answer = '';
  anna.on('data', (chunk) => {
    answer += chunk;
  });
  anna.write('asked');
  await says(await dial('ben'), 'a round trip of somebody else');
  expect(answer).toBe('');
  release();
  while (answer !== 'asked') await once(anna, 'data');
});

async function answers(port: number): Promise<boolean> {
  if (port === 0) return false;
  const socket = connect({ host: '127.0.0.1', port });
  sockets.push(socket);
  return Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
}

test('it keeps the lifecycle contract', () =>
  lifecycleStress(createWire, (subject) => answers(subject.port)));

test('who listens hears what is said before it is passed on, and may hold even that', async () => {
  const socket = await dial('anna');
  const heard: string[] = [];
  let release = () => {};
  const end = wire.listen((said) => {
    heard.push(said);
    if (said === 'stop') release = wire.hold(() => true, 'up');
  });
  await says(socket, 'go');
  let answered = false;
  const answer = once(socket, 'data').then(([data]) => {
    answered = true;
    return String(data);
  });
  socket.write('stop');
  while (heard.length < 2) await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(answered).toBe(false);
  end();
  release();
  expect(await answer).toBe('stop');
  expect(heard).toEqual(['go', 'stop']);
});
