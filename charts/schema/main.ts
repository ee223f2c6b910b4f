// `npm run chart`: writes what of the chart is made from elsewhere: values.schema.json, and README.md where helm-docs is.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { valuesSchema } from './values-schema.ts';

const CHART = join(import.meta.dirname, '../millrace');

const schema = valuesSchema(readFileSync(join(CHART, 'values.yaml'), 'utf8'));
writeFileSync(join(CHART, 'values.schema.json'), `${JSON.stringify(schema, null, 2)}\n`);
const docs = spawnSync('helm-docs', ['--chart-search-root', CHART], { stdio: 'inherit' });
if (docs.error) process.stderr.write('README.md was not made anew: helm-docs is not on the PATH.\n');
process.exitCode = docs.status ?? 0;
