import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { CHART, has, type Manifest, missing, ofKind, render } from '../render.ts';
import { ALERT_CASES, type Series } from './alert-cases.ts';
import { dashboards } from './expressions.ts';

const RUNBOOKS = join(CHART, '../../docs/runbooks');
const alerts: { alert: string }[] = parse(readFileSync(join(CHART, 'files/alerts.yaml'), 'utf8'));
const names = alerts.map(({ alert }) => alert);
const enabled = (over: object = {}) => ({ monitoring: { prometheusRule: { enabled: true, ...over } } });

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Record<string, string>;
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

function rulesOf(manifests: readonly Manifest[]): Rule[] {
  const [rule] = ofKind(manifests, 'PrometheusRule').values();
  return rule?.spec.groups.flatMap(({ rules }: { rules: Rule[] }) => rules) ?? [];
}

describe('dashboards', () => {
  it('have names of their own, and panels that do not overlap', () => {
    const all = [...dashboards()];
    expect(new Set(all.map(([, { uid }]) => uid)).size).toBe(all.length);
    for (const [file, { panels }] of all) {
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
      );
      expect(new Set(cells).size, file).toBe(cells.length);
    }
  });
});

describe('alerts', () => {
  it('have a case each', () => {
    expect(Object.keys(ALERT_CASES).sort()).toEqual([...names].sort());
  });

  it('have a runbook each, with the three questions, and no runbook is left over', () => {
    const pages = readdirSync(RUNBOOKS).filter((file) => file !== 'README.md');
    expect(pages.sort()).toEqual(names.map((name) => `${name}.md`).sort());
    const index = readFileSync(join(RUNBOOKS, 'README.md'), 'utf8');
    for (const name of names) {
      const page = readFileSync(join(RUNBOOKS, `${name}.md`), 'utf8');
      const headings = page.split('\n').filter((line) => line.startsWith('#'));
      expect(headings).toEqual([
        `# ${name}`,
        '## What it means',
        '## What to look at',
        '## What to do at 3 a.m.',
      ]);
      for (const [, target = ''] of page.matchAll(/\]\(([^)]+)\)/g)) {
        expect(existsSync(join(RUNBOOKS, target)), `${name} → ${target}`).toBe(true);
      }
      expect(index).toContain(`[${name}](${name}.md)`);
    }
  });
});

describe.skipIf(!has('helm'))(`PrometheusRule${missing('helm')}`, () => {
  it('is off unless asked for', async () => {
    expect(ofKind(await render(), 'PrometheusRule').size).toBe(0);
  });

  it('has every alert, with a link to its runbook', async () => {
    const rules = rulesOf(await render(enabled({ runbookBaseUrl: 'https://wiki.example.com/runbooks/' })));
    expect(rules.map(({ alert }) => alert)).toEqual(names);
    for (const { alert, expr, labels, annotations } of rules) {
      expect(annotations.runbook_url).toBe(`https://wiki.example.com/runbooks/${alert}.md`);
      expect(['critical', 'warning', 'info']).toContain(labels.severity);
      expect(expr).not.toContain('$');
      expect(expr).toContain('namespace="ns",app_kubernetes_io_instance="m"');
    }
  });

  it('names the file of the runbook where nobody said at which address it is read', async () => {
    for (const { alert, annotations } of rulesOf(await render(enabled()))) {
      expect(annotations.runbook_url).toBe(`docs/runbooks/${alert}.md`);
      expect(existsSync(join(CHART, '../..', annotations.runbook_url))).toBe(true);
    }
  });

  it('is set alert by alert, and takes rules of yours', async () => {
    const rules = rulesOf(
      await render(
        enabled({
          selector: 'job="millrace"',
          alertLabels: { team: 'queues' },
          alerts: {
            MillraceQueueWaitsLong: { threshold: 42, for: '1m', severity: 'critical' },
            MillraceQueuePaused: { enabled: false },
          },
          extraRules: [{ record: 'x', expr: '1' }],
        }),
      ),
    );
    expect(rules).toHaveLength(names.length);
    expect(rules.find(({ alert }) => alert === 'MillraceQueuePaused')).toBeUndefined();
    expect(rules.find(({ alert }) => alert === 'MillraceQueueWaitsLong')).toMatchObject({
      expr: expect.stringContaining('oldest_waiting_seconds{job="millrace"}) > 42'),
      for: '1m',
      labels: { severity: 'critical', team: 'queues' },
    });
    expect(rules.at(-1)).toEqual({ record: 'x', expr: '1' });
  });

  it('refuses a switch for an alert that does not exist', async () => {
    await expect(render(enabled({ alerts: { MillraceQueueStuck: { enabled: false } } }))).rejects.toThrow(
      /there is no alert "MillraceQueueStuck"/,
    );
  });
});

/** The release's labels are part of every series. */
function inputSeries(series: Series) {
  return Object.entries(series).map(([selector, values]) => ({
    series: selector.replace('{', '{namespace="ns",app_kubernetes_io_instance="m",'),
    values,
  }));
}

describe.skipIf(!has('helm') || !has('promtool'))(
  `alerts under promtool${missing('helm')}${missing('promtool')}`,
  () => {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-alerts-'));
    const promtool = (...args: string[]) =>
      promisify(execFile)('promtool', args, { cwd: dir }).catch((error) => {
        throw new Error(error.stdout + error.stderr);
      });

    let rules: Rule[];

    beforeAll(async () => {
      rules = rulesOf(await render(enabled()));
      const groups = [{ name: 'all', rules }];
      writeFileSync(join(dir, 'rules.yaml'), stringify({ groups }));
    });

    it('are valid rules', async () => {
      await promtool('check', 'rules', 'rules.yaml');
    });

    it('stand beside dashboards that ask in valid PromQL', async () => {
      const asked = [...dashboards().values()].flatMap(({ panels }) =>
        panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
      );
      expect(asked.length).toBeGreaterThan(30);
      const rules = asked.map((expr, at) => ({
        record: `asked:${at}`,
        expr: expr.replaceAll('$__rate_interval', '5m'),
      }));
      writeFileSync(join(dir, 'asked.yaml'), stringify({ groups: [{ name: 'asked', rules }] }));
      await promtool('check', 'rules', 'asked.yaml');
    });

    // Each alone with its own series: all of them over all series would take a minute.
    function writeCase(rule: Rule): string {
      const { atMinute, fires, quiet } = ALERT_CASES[rule.alert] ?? { atMinute: 0, fires: {}, quiet: [] };
      const expr = `count(ALERTS{alertname="${rule.alert}",alertstate="firing"}) or vector(0)`;
      const tests = [fires, ...quiet].map((series, at) => ({
        name: `${rule.alert} ${at === 0 ? 'fires' : `is quiet, case ${at}`}`,
        interval: '1m',
        input_series: inputSeries(series),
        promql_expr_test: [
          { expr, eval_time: `${atMinute}m`, exp_samples: [{ labels: '{}', value: at === 0 ? 1 : 0 }] },
        ],
      }));
      const groups = [{ name: rule.alert, rules: [rule] }];
      writeFileSync(join(dir, `${rule.alert}.yaml`), stringify({ groups }));
      const file = { rule_files: [`${rule.alert}.yaml`], evaluation_interval: '30s', tests };
      writeFileSync(join(dir, `${rule.alert}.test.yaml`), stringify(file));
      return `${rule.alert}.test.yaml`;
    }

    it('fire when they should, and only then', { timeout: 60_000 }, async () => {
      await promtool('test', 'rules', ...rules.map(writeCase));
    });
  },
);
