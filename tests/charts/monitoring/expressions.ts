import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CHART } from '../render.ts';

/** An expression of PromQL, and who asks it. */
export interface Expression {
  readonly where: string;
  readonly expr: string;
}

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string }[];
}

const DASHBOARDS = join(CHART, 'files/dashboards');

/** The dashboards by their files' names. */
export function dashboards(): Map<string, { readonly uid: string; readonly panels: readonly Panel[] }> {
  return new Map(
    readdirSync(DASHBOARDS).map((file) => [file, JSON.parse(readFileSync(join(DASHBOARDS, file), 'utf8'))]),
  );
}

/** Everything that alerts and dashboards ask for; the release's own matchers are left out. */
export function expressions(): Expression[] {
  const alerts: { alert: string; expr: string }[] = parse(
    readFileSync(join(CHART, 'files/alerts.yaml'), 'utf8'),
  );
  const release = 'namespace="$namespace",app_kubernetes_io_instance="$release"';
  return [
    ...alerts.map(({ alert, expr }) => ({ where: alert, expr: expr.replaceAll('$selector', '') })),
    ...[...dashboards()].flatMap(([file, { panels }]) =>
      panels.flatMap(({ title, targets }) =>
        targets.map(({ expr }) => ({ where: `${file}: ${title}`, expr: expr.replaceAll(release, '') })),
      ),
    ),
  ];
}

/** The same as Prometheus is asked, of release `m` in namespace `ns`; rates over 5 s, for tests wait for no minutes. */
export function queries(): Expression[] {
  const alerts: { alert: string; expr: string; threshold?: number }[] = parse(
    readFileSync(join(CHART, 'files/alerts.yaml'), 'utf8'),
  );
  const release = 'namespace="ns",app_kubernetes_io_instance="m"';
  const variables: readonly (readonly [string, string])[] = [
    ['$namespace', 'ns'],
    ['$release', 'm'],
    ['$queue', '.*'],
    ['$pool', '.*'],
    ['$__rate_interval', '5s'],
  ];
  return [
    ...alerts.map(({ alert, expr, threshold = 0 }) => ({
      where: alert,
      expr: expr.replaceAll('$selector', release).replaceAll('$threshold', String(threshold)),
    })),
    ...[...dashboards()].flatMap(([file, { panels }]) =>
      panels.flatMap(({ title, targets }) =>
        targets.map(({ expr }) => ({
          where: `${file}: ${title}`,
          expr: variables.reduce((text, [name, value]) => text.replaceAll(name, value), expr),
        })),
      ),
    ),
  ];
}

/** Series that an expression selects, with the labels that it matches. */
export function selected({ expr }: Expression): { readonly metric: string; readonly labels: string[] }[] {
  return [...expr.matchAll(/\b((?:millrace|jobqueue|messaging|process)_\w+|up)\{([^}]*)\}/g)].map(
    ([, metric = '', matchers = '']) => ({
      metric,
      labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
    }),
  );
}

/** Labels that an expression groups or joins by. */
export function groupedBy({ expr }: Expression): string[] {
  return [...expr.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(',').map((label) => label.trim()),
  );
}

const PARTS = ['', '_bucket', '_sum', '_count'];

/** Families of a text in Prometheus' exposition format, a histogram's parts too, with the labels of their samples. */
export function families(text: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    const [, declared, type] = /^# TYPE (\S+) (\S+)/.exec(line) ?? [];
    for (const name of type === 'histogram' ? PARTS.map((part) => declared + part) : [declared]) {
      if (name !== undefined) found.set(name, found.get(name) ?? new Set());
    }
    const [, name = '', labels = ''] = /^(\w+)\{(.*)\} /.exec(line) ?? [];
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) found.get(name)?.add(label);
  }
  return found;
}
