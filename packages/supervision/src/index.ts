export * from './link/messages.ts';
