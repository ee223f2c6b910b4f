import { expect, it } from 'vitest';
import { parseExposition, riseOf, sumOf } from './exposition.ts';

const TEXT = `# HELP jobs_total Jobs.
# TYPE jobs_total counter
jobs_total{queue="a",code="x"} 3
jobs_total{queue="b \\"q\\"\\\\\\n",code="x"} 4.5e0
up 1
took_bucket{le="+Inf"} 7
no line at all
`;

it('reads what a service tells', () => {
  const scrape = parseExposition(TEXT);
  expect([...scrape.keys()]).toEqual(['jobs_total', 'up', 'took_bucket']);
  expect(sumOf(scrape, 'jobs_total')).toBe(7.5);
  expect(sumOf(scrape, 'jobs_total', { queue: 'b "q"\\\n' })).toBe(4.5);
  expect(sumOf(scrape, 'jobs_total', { queue: 'c' })).toBeUndefined();
  expect(sumOf(scrape, 'took_bucket', { le: '+Inf' })).toBe(7);
});

it('tells how far a counter came, and nothing of one that began anew', () => {
  const before = parseExposition('a 3\nb 9\n');
  const after = parseExposition('a 5\nb 1\nc 2\n');
  expect(['a', 'b', 'c', 'd'].map((name) => riseOf([before, after], name))).toEqual([
    2,
    undefined,
    2,
    undefined,
  ]);
});
