import type { ChildSpec, ExitReason, SupervisorSpec } from '@millrace/supervision';

/** How a child may be made to end, in Erlang's words: `kill` is a signal that nobody can catch. */
export const HOWS = ['normal', 'shutdown', 'shutdown_term', 'boom', 'kill'] as const;
export type How = (typeof HOWS)[number];

/** Somebody is killed in passing: while another child starts or ends, when the supervisor is busy. */
export interface Deed {
  readonly victim: string;
  readonly how: How;
}

/** A child, and what it will do. */
export interface StoryChild extends ChildSpec {
  /** Does not end when it is told to; it has to be killed. */
  readonly stubborn: boolean;
  /** What becomes of each attempt to start it; of the later ones nothing remarkable. */
  readonly starts: readonly { readonly ok: boolean; readonly deed: Deed | null }[];
  /** Done when it is told to end. */
  readonly onEnd: Deed | null;
}

export type StoryStep =
  /** All of them die before the supervisor acts on the first. */
  | { readonly type: 'crash'; readonly victims: readonly Deed[] }
  /** An administrative end and start. Left out where OTP would do something else for it (see `canReplace`). */
  | { readonly type: 'replace'; readonly id: string }
  | { readonly type: 'wait'; readonly ms: number };

/** What is played to a supervisor of ours and to one of OTP's, alike. */
export interface Story {
  readonly spec: Omit<SupervisorSpec, 'backoff' | 'children'>;
  readonly children: readonly StoryChild[];
  readonly steps: readonly StoryStep[];
}

/** OTP's own replacing differs from ours where the start fails or the end has a deed: a person would be asked. */
export function canReplace(child: StoryChild, nextStartIsOk: boolean): boolean {
  return child.restart !== 'temporary' && child.onEnd === null && nextStartIsOk;
}

export function reasonOf(how: How): ExitReason {
  if (how === 'normal') return 'normal';
  return how === 'shutdown' || how === 'shutdown_term' ? 'shutdown' : 'abnormal';
}

const deedTerm = (deed: Deed | null) => (deed ? `{${deed.victim},${deed.how}}` : 'none');

function childTerm({ id, restart, shutdown, stubborn, starts, onEnd }: StoryChild): string {
  const attempts = starts.map(({ ok, deed }) => `{${ok ? 'ok' : 'fail'},${deedTerm(deed)}}`);
  return `{${id},${restart},${shutdown},${stubborn},[${attempts}],${deedTerm(onEnd)}}`;
}

function stepTerm(step: StoryStep): string {
  if (step.type === 'wait') return `{wait,${step.ms}}`;
  return step.type === 'replace' ? `{replace,${step.id}}` : `{crash,[${step.victims.map(deedTerm)}]}`;
}

/** The story as the Erlang term that otp_peer.erl reads. */
export function storyTerm(number: number, { spec, children, steps }: Story): string {
  const limits = `{${spec.strategy},${spec.intensity},${spec.periodMs / 1_000}}`;
  return `{run,${number},${limits},[${children.map(childTerm)}],[${steps.map(stepTerm)}]}.`;
}
