import { type Clock, MillraceError, type RedisSettings } from '@millrace/core';
import type { Redis } from 'ioredis';
import { boardKeys, queueKeys } from '../keys.ts';
import type { StoreCondition, StoreNodeLoad } from '../types/store.ts';
import { closeClient, nodesOf, onConnected, openClient } from './client.ts';
import { assertFit, parseInfo, type StoreInfo, warningsOf } from './fitness.ts';
import { agreeOnFormat, type StoreFormat } from './format.ts';
import { guardedCall, notSent } from './guarded-call.ts';
import { type Lacking, tryRights, untilReady } from './try-rights.ts';

const DIAL_MS = 2_000;
const TRIAL_MS = 5_000;
const PROBE_QUEUE = 'millrace-probe';

export interface StoreCheckDependencies {
  readonly client: Redis;
  readonly settings: RedisSettings;
  /** Shows in the client list. */
  readonly name: string;
  readonly clock: Clock;
  readonly format: StoreFormat;
}

function whoIs({ username, url }: RedisSettings): string {
  const inUrl = url !== null && URL.canParse(url) ? decodeURIComponent(new URL(url).username) : '';
  return username ?? (inUrl || 'default');
}

function assertRights({ needed }: Lacking, settings: RedisSettings): void {
  if (needed.length === 0) return;
  throw new MillraceError(
    'store_unfit',
    `The store's user "${whoIs(settings)}" lacks rights on the keys of prefix "${settings.prefix}": ${needed.join(', ')}. Grant the rules in docs/store.md.`,
    { details: { lacks: needed } },
  );
}

function rightsWarnings({ helpful }: Lacking): string[] {
  if (helpful.length === 0) return [];
  const what = helpful.join(' and ');
  return [
    `The store's user may not call ${what}: a worker whose pod does not report its end is given up after the hang limit, not at once.`,
  ];
}

const fullness = ({ memoryUsed, memoryMax }: StoreInfo) => (memoryMax === 0 ? 0 : memoryUsed / memoryMax);

/**
 * Looks whether jobs are safe in the store; see `Store.check`. What its user may do is tried once a connect, and again
 * until nothing is lacking.
 */
export function createStoreCheck(dependencies: StoreCheckDependencies): () => Promise<StoreCondition> {
  const { client, settings, name, clock, format } = dependencies;
  let known: Promise<Lacking> | null = null;
  onConnected(client, () => {
    known = null;
  });

  async function lookAtRights(): Promise<Lacking> {
    const { prefix } = settings;
    const probe = openClient(settings, 'fail-fast', `millrace:${name}:check`);
    try {
      await untilReady(probe, clock, DIAL_MS);
      const keys = [queueKeys(prefix, PROBE_QUEUE).id, `${boardKeys(prefix).format}:probe`];
      // A fail-fast connection loses what a store takes with it: weather, whatever the profile of those who ask.
      return await guardedCall(probe, clock, TRIAL_MS, () => tryRights(probe, keys));
    } finally {
      await closeClient(probe);
    }
  }

  async function ask(node: Redis): Promise<{ readonly info: StoreInfo; readonly load: StoreNodeLoad }> {
    const askedMs = clock.monotonicMs();
    const info = parseInfo(await node.info());
    const answerMs = clock.monotonicMs() - askedMs;
    const { host, port } = node.options;
    const { load, memoryUsed, memoryMax } = info;
    return { info, load: { node: `${host}:${port}`, answerMs, ...load, memoryUsed, memoryMax } };
  }

  /** Those who ask at once share one look. */
  async function rights(): Promise<Lacking> {
    known ??= lookAtRights();
    const asked = known;
    try {
      const lacking = await asked;
      if (lacking.needed.length > 0 && known === asked) known = null;
      return lacking;
    } catch (error) {
      if (known === asked) known = null;
      throw error;
    }
  }

  return async () => {
    const nodes = nodesOf(client);
    if (nodes.length === 0) throw notSent();
    const asked = await Promise.all(nodes.map(ask));
    const infos = asked.map(({ info }) => info);
    for (const info of infos) assertFit(info, settings.cluster !== undefined);
    const lacking = await rights();
    assertRights(lacking, settings);
    const stands = await agreeOnFormat(client, settings.prefix, format);
    const fullest = infos.reduce((a, b) => (fullness(b) > fullness(a) ? b : a));
    const { product, version, memoryUsed, memoryMax } = fullest;
    const warnings = [...new Set([...infos.flatMap(warningsOf), ...rightsWarnings(lacking)])];
    const loads = asked.map(({ load }) => load);
    return { product, version, format: stands, memoryUsed, memoryMax, nodes: loads, warnings };
  };
}
