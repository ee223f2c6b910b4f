import process from 'node:process';
import { hostOf } from './host.ts';
import { runUp } from './up.ts';

process.exit(await runUp(process.argv.slice(2), hostOf(process, process.env)));
