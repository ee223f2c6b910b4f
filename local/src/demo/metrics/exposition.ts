/** One sample of a scrape. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What one look at a service's `/metrics` told, by the sample's name. */
export type Scrape = ReadonlyMap<string, readonly Sample[]>;

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:\\.|[^"\\])*)"/g;

const ESCAPES: Readonly<Record<string, string>> = { '\\n': '\n', '\\\\': '\\', '\\"': '"' };

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(LABEL)].map(([, name = '', value = '']) => [
    name,
    value.replace(/\\./g, (pair) => ESCAPES[pair] ?? pair),
  ]);
  return Object.fromEntries(pairs);
}

/** Reads Prometheus' text format as our services write it; lines that are none are passed over. */
export function parseExposition(text: string): Scrape {
  const scrape = new Map<string, Sample[]>();
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined || line.startsWith('#')) continue;
    const samples = scrape.get(name) ?? [];
    samples.push({ labels: labelsOf(labels), value: Number(value) });
    scrape.set(name, samples);
  }
  return scrape;
}

type Wanted = Readonly<Record<string, string>>;

/** The sum of a name's samples with these labels; undefined where there is none. */
export function sumOf(scrape: Scrape, name: string, wanted: Wanted = {}): number | undefined {
  const fits = ({ labels }: Sample) => Object.entries(wanted).every(([key, value]) => labels[key] === value);
  const values = (scrape.get(name) ?? []).filter(fits).map(({ value }) => value);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

/** How far a counter has come between two looks; undefined unless both tell it, or it has begun anew. */
export function riseOf(
  [before, after]: readonly [Scrape, Scrape],
  name: string,
  wanted: Wanted = {},
): number | undefined {
  const to = sumOf(after, name, wanted);
  // What was never counted before was 0 then: a counter of a label appears with its first event.
  const from = sumOf(before, name, wanted) ?? 0;
  return to === undefined || to < from ? undefined : to - from;
}
