import { afterEach, expect, test } from 'vitest';
import { openApi } from './support/api.ts';
import { limitMs, tell } from './support/figures.ts';
import { eventually } from './support/kubernetes.ts';
import { CHART, releaseOf, remove, TEST_VALUES } from './support/release.ts';
import { IMAGE } from './support/release-setup.ts';

const release = releaseOf('traced', 'millrace-traced');
afterEach(() => remove(release));

const FIRST = '4bf92f3577b34da6a3ce929d0e0e4736';
const KILLED = 'abf92f3577b34da6a3ce929d0e0e4737';
const SPAN = '00f067aa0ba902b7';

interface Span {
  readonly name: string;
  readonly links?: readonly { readonly traceId: string }[];
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
}
interface Answer {
  readonly result: {
    readonly resourceSpans?: readonly {
      readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
    }[];
  };
}

const outcomeOf = ({ attributes }: Span) =>
  attributes.find(({ key }) => key === 'millrace.outcome')?.value.stringValue;

test('install with the bundled Jaeger → the first trace in it; a killed attempt is there, linked to its recovery', async () => {
  const sinceMs = performance.now();
  const set = ['--set', `image.tag=${IMAGE.tag},jaeger.enabled=true`];
  const wait = ['--create-namespace', '--wait', '--timeout', '150s'];
  await release.helm('install', release.name, CHART, '-f', TEST_VALUES, ...set, ...wait);
  const api = await release.api();
  const jaeger = openApi(release.namespace, `svc/${release.fullname}-jaeger`, null, 16686);
  async function traceOnce(
    traceId: string,
    isWhole: (spans: readonly Span[]) => boolean,
  ): Promise<readonly Span[]> {
    return eventually(`trace ${traceId} is in Jaeger`, 60_000, async () => {
      const { status, body } = await jaeger.call('GET', `/api/v3/traces/${traceId}`);
      if (status !== 200) return null;
      const resources = (body as Answer).result.resourceSpans ?? [];
      const spans = resources.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
      return isWhole(spans) && spans;
    });
  }
  async function post(queue: string, name: string, data: object, traceId: string): Promise<void> {
    const headers = { traceparent: `00-${traceId}-${SPAN}-01` };
    const { status } = await api.call('POST', `/v1/queues/${queue}/jobs`, { name, data }, headers);
    expect(status).toBe(202);
  }
  try {
    await post('call', 'call', { n: 4 }, FIRST);
    const spans = await traceOnce(FIRST, (all) => all.some(({ name }) => name === 'process call'));
    const firstMs = performance.now() - sinceMs;
    tell('helm install → first trace', firstMs);
    expect(firstMs).toBeLessThan(limitMs(180_000, 180_000));
    expect(spans.map(({ name }) => name)).toEqual(expect.arrayContaining(['send call', 'process call']));

    await post('chaos', 'segfaults', { id: 1, ms: 10 }, KILLED);
    const attempts = await traceOnce(
      KILLED,
      (all) => all.filter(({ name }) => name === 'process chaos').length >= 2,
    );
    const killed = attempts.find((span) => outcomeOf(span) === 'killed');
    const recovery = await traceOnce(killed?.links?.[0]?.traceId ?? '', (all) => all.length >= 4);
    expect(recovery.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['recover', 'detect', 'reclaim', 'restart']),
    );
  } finally {
    api.close();
    jaeger.close();
  }
});
