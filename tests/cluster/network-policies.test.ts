import { expect, test } from 'vitest';
import { type Connection, isAllowed } from '../charts/network/evaluate.ts';
import { connectionsNow, policiesOf } from './support/connections.ts';
import { shared } from './support/release-setup.ts';

const componentOf = ({ pod }: Connection['from']) => pod?.labels['app.kubernetes.io/component'] ?? 'outside';
const say = ({ from, to, port }: Connection) => `${componentOf(from)} → ${componentOf(to)}:${port}`;

/** Some ten seconds: names are resolved again every five. */
const LOOKS = 8;

test('every connection of the running release is allowed by its policies, whatever the network plugin', async () => {
  const release = shared();
  const policies = await policiesOf(release.namespace);
  expect(policies.length).toBeGreaterThan(3);
  const isDenied = (connection: Connection) =>
    [true, false].some((ipBlocksMatchPods) => !isAllowed(policies, connection, { ipBlocksMatchPods }));
  // A dial of a pod that is just gone ends by itself; nothing else may be denied at any look.
  const isOfTheGone = ({ to }: Connection) => to.pod === undefined;
  let seen = await connectionsNow(release);
  for (let look = 0; look < LOOKS && seen.some((each) => isDenied(each) && isOfTheGone(each)); look++) {
    seen = await connectionsNow(release);
  }
  // What must be among them, or we have looked at the wrong thing.
  expect(seen.map(say)).toEqual(
    expect.arrayContaining([
      'producer → store:6379',
      'supervisor → store:6379',
      'worker → store:6379',
      'worker → supervisor:9470',
      expect.stringMatching(/^supervisor → outside:(443|6443)$/),
      expect.stringMatching(/^worker → (outside|.*):(53|5353)$/),
    ]),
  );
  const denied = seen.filter(isDenied);
  expect(denied.map(say)).toEqual([]);
});
