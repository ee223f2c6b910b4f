/** One field of a stream's entry, whose fields come as a flat list of names and values. */
export function eventField(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
  return undefined;
}
