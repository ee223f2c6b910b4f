import { nothing } from './_nothing.ts';

export default nothing('off');
