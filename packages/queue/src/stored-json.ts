/** What a field holds: JSON, or text that a stock client wrote otherwise. */
export function json(text: string | undefined): unknown {
  if (text === undefined) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
