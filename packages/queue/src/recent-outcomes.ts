import type { FinalOutcome } from './types/waiters.ts';

/** Outcomes that came before anybody waited for them: an add's reply may be slower than its job. */
export class RecentOutcomes {
  readonly #mostOutcomes: number;
  readonly #mostChars: number;
  readonly #kept = new Map<string, { readonly outcome: FinalOutcome; readonly chars: number }>();
  #chars = 0;

  /** Both limits hold: results are as large as their handlers make them. */
  constructor(mostOutcomes: number, mostChars: number) {
    this.#mostOutcomes = mostOutcomes;
    this.#mostChars = mostChars;
  }

  /** `chars` is how long the outcome's text was. The oldest go where there is no room. */
  add(name: string, outcome: FinalOutcome, chars: number): void {
    this.#drop(name);
    this.#kept.set(name, { outcome, chars });
    this.#chars += chars;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#mostOutcomes && this.#chars <= this.#mostChars) return;
      this.#drop(oldest);
    }
  }

  get(name: string): FinalOutcome | undefined {
    return this.#kept.get(name)?.outcome;
  }

  #drop(name: string): void {
    this.#chars -= this.#kept.get(name)?.chars ?? 0;
    this.#kept.delete(name);
  }
}
