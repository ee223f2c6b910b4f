import type { Kill } from './dead-letter.ts';

/**
 * What a run of a handler came to. A handler returns a plain value (ok) or one of these; what it throws becomes
 * `fail`. Ours alone are `returned` (the job goes back to the head of the queue with nothing counted against it) and
 * `killed`: the thread or process that ran this job and no other died of it, so the job itself is the killer.
 */
export type Outcome =
  | { readonly kind: 'ok'; readonly value: unknown }
  | { readonly kind: 'fail'; readonly error: Error; readonly retry: boolean }
  | { readonly kind: 'cancel'; readonly reason: string }
  | { readonly kind: 'snooze'; readonly delayMs: number }
  | { readonly kind: 'returned'; readonly reason: string }
  | { readonly kind: 'killed'; readonly kill: Omit<Kill, 'start'> };
