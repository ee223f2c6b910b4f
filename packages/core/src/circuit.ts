/** However often a pool gives up, it is tried again after this long, ms; nobody is told to wait longer for it. */
export const LONGEST_OPEN_MS = 300_000;
