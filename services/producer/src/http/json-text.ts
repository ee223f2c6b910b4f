import { MillraceError, messageOf } from '@millrace/core';

/** Far beyond any sensible document, and far below where recursive code overflows its stack. */
export const MAX_DEPTH = 128;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Deepest nesting of arrays and objects; counts brackets outside strings, so it needs valid JSON to be exact. */
export function nestingDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (inString) {
      if (char === 0x5c) i++;
      else if (char === 0x22) inString = false;
    } else if (char === 0x22) inString = true;
    else if (char === 0x5b || char === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (char === 0x5d || char === 0x7d) depth--;
  }
  return deepest;
}

/** Reads JSON. Throws `malformed` for text that is not UTF-8 or not JSON, `invalid_data` when nested too deep. */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  let value: unknown;
  try {
    text = decoder.decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    const reason = bytes.length === 0 ? 'it is empty' : messageOf(error);
    throw new MillraceError('malformed', `The body is not JSON in UTF-8: ${reason}`, { cause: error });
  }
  // A shorter text cannot be nested deeper.
  if (text.length > 2 * MAX_DEPTH && nestingDepth(text) > MAX_DEPTH) {
    const message = `nested deeper than ${MAX_DEPTH} levels`;
    throw new MillraceError('invalid_data', `The body is ${message}; flatten it.`, {
      details: { faults: [{ pointer: '', message }] },
    });
  }
  return value;
}
