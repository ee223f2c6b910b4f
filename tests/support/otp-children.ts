import {
  type ExitReason,
  newSupervisor,
  type SupervisorAction,
  type SupervisorEvent,
  type SupervisorSpec,
  type SupervisorState,
  supervise,
} from '@millrace/supervision';
import { expect } from 'vitest';

/** What may befall the children of a supervisor, or be said to it. */
export type Deed =
  /** The order under way is carried out (`ok` false: a start fails). */
  | { readonly type: 'answer'; readonly ok: boolean }
  | { readonly type: 'die'; readonly id: string; readonly reason: ExitReason }
  | { readonly type: 'replaced'; readonly id: string }
  | { readonly type: 'rest'; readonly ms: number }
  | { readonly type: 'trial' | 'proven' | 'resume' }
  /** Words that mean nothing to a supervisor that keeps its books. */
  | { readonly type: 'noise'; readonly event: SupervisorEvent };

/**
 * Children that only do what they are told or what befalls them, each in its own time, and a record of all that was
 * asked of them. What no supervisor may ask, fails the test.
 */
export class OtpWorld {
  readonly told: { readonly action: SupervisorAction; readonly atMs: number }[] = [];
  readonly alive = new Set<string>();
  /** Orders that are not carried out yet. Only a stop may overtake a start. */
  starting: string | null = null;
  ending: string | null = null;
  wakeMs: number | null = null;
  nowMs = 0;
  state: SupervisorState;

  constructor(spec: SupervisorSpec) {
    this.state = newSupervisor(spec);
  }

  tell(event: SupervisorEvent): readonly SupervisorAction[] {
    const { state, actions } = supervise(JSON.parse(JSON.stringify(this.state)), event, this.nowMs);
    expect(JSON.parse(JSON.stringify(state)), 'a state is plain JSON').toEqual(state);
    this.state = state;
    for (const action of actions) this.#obey(action);
    return actions;
  }

  #obey(action: SupervisorAction): void {
    this.told.push({ action, atMs: this.nowMs });
    if (action.type === 'wake') {
      this.wakeMs = action.atMs;
    } else if (action.type === 'start') {
      expect(this.ending, 'one thing at a time').toBeNull();
      expect([null, action.id], 'one thing at a time').toContain(this.starting);
      expect(this.alive.has(action.id), 'no child runs twice').toBe(false);
      this.starting = action.id;
    } else if (action.type === 'stop' || action.type === 'kill') {
      expect(this.ending, 'one thing at a time').toBeNull();
      expect(this.alive.has(action.id) || this.starting === action.id, 'only the living are ended').toBe(
        true,
      );
      this.ending = action.id;
    } else if (action.type !== 'running') {
      expect([...this.alive], 'all have ended first').toEqual([]);
      expect([this.starting, this.ending], 'nothing is under way').toEqual([null, null]);
    }
  }

  /** Carries out what is under way; `ok` false: a start fails, also before an end that has overtaken it. */
  answer(ok: boolean): void {
    const { ending: ended, starting: started } = this;
    if (ended !== null && (ok || started === null || started === ended)) {
      this.ending = null;
      if (started === ended) this.starting = null;
      this.alive.delete(ended);
      this.tell({ type: 'exited', id: ended, reason: 'shutdown' });
    } else if (started !== null) {
      this.starting = null;
      if (ok) this.alive.add(started);
      this.tell({ type: ok ? 'started' : 'start-failed', id: started });
    }
  }

  do(deed: Deed): void {
    if (deed.type === 'answer') this.answer(deed.ok);
    else if (deed.type === 'rest') this.rest(deed.ms);
    else if (deed.type === 'noise') expect(this.tell(deed.event), 'noise means nothing').toEqual([]);
    else if (deed.type === 'die') this.#end(deed.id, { type: 'exited', id: deed.id, reason: deed.reason });
    else if (deed.type === 'replaced') this.#end(deed.id, deed);
    else this.tell(deed);
  }

  #end(id: string, event: SupervisorEvent): void {
    if (!this.alive.delete(id)) return;
    if (this.ending === id) this.ending = null;
    this.tell(event);
  }

  rest(ms: number): void {
    this.nowMs += ms;
    if (this.wakeMs === null || this.wakeMs > this.nowMs) return;
    this.wakeMs = null;
    this.tell({ type: 'tick' });
  }

  /** Everything goes well from here on, for as long as anything is to come. */
  quiet(): void {
    while (this.starting !== null || this.ending !== null || this.wakeMs !== null) {
      if (this.starting !== null || this.ending !== null) this.answer(true);
      else this.rest(Math.max(0, (this.wakeMs ?? 0) - this.nowMs));
    }
  }
}
