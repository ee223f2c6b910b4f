import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** The charting library, to be written into the page. */
export interface Assets {
  readonly script: string;
  readonly style: string;
}

/** Reads the library from where npm put it. */
export async function readAssets(): Promise<Assets> {
  const { resolve } = createRequire(import.meta.url);
  const [script, style] = await Promise.all(
    ['uPlot.iife.min.js', 'uPlot.min.css'].map((file) => readFile(resolve(`uplot/dist/${file}`), 'utf8')),
  );
  return { script: script ?? '', style: style ?? '' };
}
