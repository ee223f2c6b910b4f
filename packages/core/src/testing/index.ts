export { lifecycleStress } from './lifecycle-stress.ts';
