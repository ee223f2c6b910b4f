import { expect, test } from 'vitest';
import { ApiError, type Verb } from './api.ts';
import { ownObjects } from './owned-objects.ts';
import { apiOf } from './testing.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/ns/leases';
const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'm-supervisor', uid: 'd1' };

/** The API, and the owners in what was written; `answer` may say no. */
function owned(answer: (verb: Verb, path: string, owners: unknown) => void = () => undefined) {
  const written: unknown[] = [];
  const api = apiOf((verb, path, body) => {
    const owners = (body as { metadata?: { ownerReferences?: unknown } } | undefined)?.metadata
      ?.ownerReferences;
    answer(verb, path, owners);
    if (verb === 'GET') return { metadata: { uid: 'd1' } };
    written.push(owners);
    return {};
  });
  const { call } = ownObjects(api, 'm-supervisor');
  const write = (verb: Verb = 'PUT', path = `${LEASES}/m-supervisor`) =>
    call(verb, path, { body: { metadata: { name: 'x' } } });
  return { written, write };
}

test('what we write belongs to our Deployment as soon as that is known, and nothing waits for it', async () => {
  const { written, write } = owned();
  await write('POST', LEASES);
  await write('PUT');
  await write('PUT', '/api/v1/namespaces/ns/configmaps/m-status');
  await write('POST', '/apis/events.k8s.io/v1/namespaces/ns/events');
  expect(written).toEqual([undefined, [owner], [owner], undefined]);
});

test('without a Deployment it is written as it is, and nobody asks again', async () => {
  let asked = 0;
  const { written, write } = owned((verb) => {
    if (verb === 'GET' && ++asked > 0) throw new ApiError(404, 'NotFound', 'no such Deployment');
  });
  for (let n = 0; n < 3; n++) await write();
  expect({ written, asked }).toEqual({ written: [undefined, undefined, undefined], asked: 1 });
});

test('a server that was away is asked again', async () => {
  let asked = 0;
  const { written, write } = owned((verb) => {
    if (verb === 'GET' && ++asked === 1) throw new ApiError(0, '', 'no answer');
  });
  for (let n = 0; n < 4; n++) await write();
  expect(written.at(-1)).toEqual([owner]);
});

test('where an owner may not be named the write is made without, for good', async () => {
  const { written, write } = owned((verb, _path, owners) => {
    if (verb === 'PUT' && owners !== undefined)
      throw new ApiError(403, 'Forbidden', 'cannot set an ownerRef');
  });
  for (let n = 0; n < 3; n++) await write();
  expect(written).toEqual([undefined, undefined, undefined]);
});

test('any other refusal is the writer’s to know', async () => {
  const { write } = owned((_verb, _path, owners) => {
    if (owners !== undefined) throw new ApiError(409, 'Conflict', 'somebody was faster');
  });
  await write();
  await expect(write()).rejects.toThrow('somebody was faster');
});
