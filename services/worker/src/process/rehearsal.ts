import { defineHandler, type Handler, type HandlerRegistry } from '@millrace/sdk';

const PRACTICE: Handler = {
  ...defineHandler({ queue: 'rehearsal', name: 'rehearsal', run: () => null }),
  file: '',
};

/** What a process runs before it runs anything: every job is the same empty one. */
export const REHEARSAL: Pick<HandlerRegistry, 'get'> = { get: () => PRACTICE };
