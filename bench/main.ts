import process from 'node:process';
import { hostOf } from '@millrace/local';
import { runBench } from './runner/run.ts';

process.exit(await runBench(process.argv.slice(2), hostOf(process, process.env)));
