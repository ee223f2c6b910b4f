import { type Log, messageOf, type Recovery } from '@millrace/core';

/** Writes recoveries to the store: one write at a time for each, and always the latest picture. */
export interface Journal {
  /** Returns at once; a picture that is overtaken before its write begins is skipped. */
  save(recovery: Recovery): void;
  /** Resolves when everything saved so far (of that recovery) is written, or given up. */
  settled(id?: string): Promise<void>;
}

/** `write` is called with one picture at a time per recovery. */
export function createJournal(write: (recovery: Recovery) => Promise<void>, log: Log): Journal {
  const waiting = new Map<string, Recovery>();
  const writing = new Map<string, Promise<void>>();

  async function writeAll(id: string): Promise<void> {
    for (let next = waiting.get(id); next; next = waiting.get(id)) {
      waiting.delete(id);
      await write(next).catch((error) => {
        log.debug({ recovery: id, error: messageOf(error) }, 'A recovery’s phase was not saved');
      });
    }
    writing.delete(id);
  }

  return {
    save(recovery) {
      waiting.set(recovery.id, recovery);
      if (!writing.has(recovery.id)) writing.set(recovery.id, writeAll(recovery.id));
    },
    async settled(id) {
      await (id === undefined ? Promise.all(writing.values()) : writing.get(id));
    },
  };
}
