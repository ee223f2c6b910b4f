import type { Clock, Timer } from '@millrace/core';

/** A standby that was warmed for a suspect stays for so long after that showed itself: it may be slow again. */
const SPARE_MS = 10_000;

/** Which children are suspected, until they show themselves: our channel to them tells. */
export interface Spares {
  warm(id: string): void;
  /** It said something. */
  heard(id: string): void;
  gone(id: string): void;
  stop(): void;
}

/** `onWarm` is called for every new suspicion, `onCalm` a while after its end. */
export function createSpares(
  { onWarm, onCalm }: { readonly onWarm: (id: string) => void; readonly onCalm: (id: string) => void },
  clock: Clock,
): Spares {
  const suspects = new Map<string, Timer | null>();

  function gone(id: string): void {
    suspects.get(id)?.cancel();
    suspects.delete(id);
  }

  return {
    warm(id) {
      gone(id);
      suspects.set(id, null);
      onWarm(id);
    },
    heard(id) {
      if (suspects.get(id) !== null) return;
      const calm = () => {
        suspects.delete(id);
        onCalm(id);
      };
      suspects.set(id, clock.after(SPARE_MS, calm));
    },
    gone,
    stop() {
      for (const id of [...suspects.keys()]) gone(id);
    },
  };
}
