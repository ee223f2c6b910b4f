import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Manifest, manifestText } from './manifest.ts';
import { parseLoadtest } from './options.ts';
import { reportIn } from './report-in.ts';
import { yamlOf } from './yaml.ts';

const HOME = new URL('..', import.meta.url);
/** A ConfigMap takes no more. */
const MOST_BYTES = 2 ** 20;

// biome-ignore lint/suspicious/noExplicitAny: looked at for what is expected
async function documents(line: string): Promise<any[]> {
  const command = parseLoadtest(['manifest', ...line.split(' ')]) as Manifest;
  return parseAllDocuments(await manifestText(command, HOME)).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
}

describe('a Job', () => {
  test('runs the script of the ConfigMap against the release, with its token', async () => {
    const [scripts, job] = await documents('average --release m --image x/k6:1 --rate 20');
    const [container] = job.spec.template.spec.containers;
    expect(container.args.at(-1)).toBe('/scripts/average.ts');
    expect(Object.keys(scripts.data)).toContain('average.ts');
    expect(job.spec.template.spec.volumes[0].configMap.name).toBe(scripts.metadata.name);
    expect(container.image).toBe('x/k6:1');
    expect(container.env).toEqual([
      { name: 'MILLRACE_URL', value: 'http://m-millrace-producer:8080' },
      { name: 'MILLRACE_LOAD_RATE', value: '20' },
      { name: 'MILLRACE_LOAD_OUT', value: '-' },
      { name: 'MILLRACE_TOKEN', valueFrom: { secretKeyRef: { name: 'm-millrace-auth', key: 'operator' } } },
    ]);
    expect(job.spec.backoffLimit).toBe(0);
    expect(job.spec.template.spec).toMatchObject({
      automountServiceAccountToken: false,
      restartPolicy: 'Never',
    });
  });

  test('that kills takes the token of an admin', async () => {
    const [, job] = await documents('chaos --secret mine');
    const { valueFrom } = job.spec.template.spec.containers[0].env.at(-1);
    expect(valueFrom.secretKeyRef).toEqual({ name: 'mine', key: 'admin' });
    const [, quiet] = await documents('chaos --kill-every 0s');
    expect(quiet.spec.template.spec.containers[0].env.at(-1).valueFrom.secretKeyRef.key).toBe('operator');
  });

  test('has the memory that its virtual users take', async () => {
    const memoryOf = async (line: string) => {
      const [, job] = await documents(line);
      const { requests, limits } = job.spec.template.spec.containers[0].resources;
      return [requests.memory, limits.memory].map((text: string) => Number.parseInt(text, 10));
    };
    const [request = 0, limit = 0] = await memoryOf('average');
    const [more = 0, most = 0] = await memoryOf('average --rate 500');
    expect(request).toBeLessThan(limit);
    expect(more).toBeGreaterThan(5 * request);
    expect(most).toBeGreaterThan(5 * limit);
  });

  test('with a setting that is none is refused', async () => {
    await expect(documents('smoke --rate many')).rejects.toThrow('MILLRACE_LOAD_RATE');
  });
});

test('a TestRun tells its runners how many they are', async () => {
  const [scripts, run] = await documents('stress --as testrun --parallelism 4');
  expect(run).toMatchObject({
    apiVersion: 'k6.io/v1alpha1',
    spec: { parallelism: 4, script: { configMap: { name: scripts.metadata.name, file: 'stress.ts' } } },
  });
  expect(run.spec.runner.env).toContainEqual({ name: 'MILLRACE_LOAD_RUNNERS', value: '4' });
  for (const { name } of run.spec.runner.env) expect(name).not.toMatch(/^K6_/);
});

describe('the scripts of a ConfigMap', () => {
  test('need nothing but k6 and each other, and fit', async () => {
    const [{ data }] = await documents('smoke');
    let bytes = 0;
    for (const text of Object.values<string>(data)) {
      bytes += Buffer.byteLength(text);
      for (const [, from = ''] of text.matchAll(/^(?:import|export)[^;]*? from '([^']+)'/gm)) {
        if (from === 'k6' || from.startsWith('k6/')) continue;
        expect(Object.keys(data)).toContain(from.replace(/^\.\//, ''));
      }
    }
    expect(bytes).toBeLessThan(MOST_BYTES);
  });

  test('are the files themselves, but for the way to them', async () => {
    const [{ data }] = await documents('smoke');
    expect(data['smoke.ts']).toContain("from './load-test.ts'");
    expect(data['books.ts']).toContain('class Books');
    expect(Object.keys(data).filter((name) => name.includes('.test.') || name.includes('.d.'))).toEqual([]);
  });
});

test.each([
  [{ a: 'x', b: 'yes', c: '1', d: true, e: null, f: '', g: 'a: b', h: '# no', i: ' x', j: 'x ' }],
  [{ list: ['a', { b: 'c', d: { e: 'f' } }, { g: ['h', 'i'] }] }],
  [{ text: 'line\n  more\n\nend\n', odd: ' begins with a blank\n', 'a key: odd': 'x' }],
])('YAML says what was meant: %j', (document) => {
  expect(parseAllDocuments(yamlOf(document))[0]?.toJS()).toEqual(document);
});

describe('the report in a log', () => {
  const line = '{"schema":1,"test":"smoke","passed":true}';

  test('is its last line that is one, also behind what a log puts before it', () => {
    expect(
      reportIn(`x\n{"schema":1,"test":"old"}\n2026-11-21T17:00:00Z ${line}\n{"schema":1,"cut\n`),
    ).toMatchObject({
      test: 'smoke',
    });
  });

  test('is missed in a sentence', () =>
    expect(() => reportIn('nothing\n')).toThrow('There is no report in this'));
});
