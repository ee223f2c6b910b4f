import process from 'node:process';
import { hostOf } from '@millrace/local';
import { runLoadtest } from './run.ts';

process.exit(await runLoadtest(process.argv.slice(2), hostOf(process, process.env)));
