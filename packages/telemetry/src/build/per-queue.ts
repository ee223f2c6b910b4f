/** More queues than this begin anew. */
const MOST_QUEUES = 256;

/**
 * What spans of a queue have in common, made once and handed out as the same object for as long as `of` is the same too (the
 * worker, the store): `make` is not called for every span, and its result is encoded once.
 */
export function perQueue<Of, Made>(make: (queue: string, of: Of) => Made): (queue: string, of: Of) => Made {
  const known = new Map<string, { readonly of: Of; readonly made: Made }>();
  return (queue, of) => {
    const found = known.get(queue);
    if (found?.of === of) return found.made;
    if (known.size >= MOST_QUEUES) known.clear();
    const made = make(queue, of);
    known.set(queue, { of, made });
    return made;
  };
}
