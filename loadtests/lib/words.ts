/** ms as a person reads them: `0.4 ms`, `37 ms`, `1.24 s`. */
export function msText(ms: number): string {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(2)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

/** A whole number with separators; other numbers with two places. */
export function numberText(value: number): string {
  if (!Number.isInteger(value)) return String(Math.round(value * 100) / 100);
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Text that is safe in HTML and XML, also in an attribute. */
export function escaped(text: string): string {
  const words: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (letter) => words[letter] as string);
}
