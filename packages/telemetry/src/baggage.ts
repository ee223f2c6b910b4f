/** W3C Baggage, section 3.3.2: limits that everybody must be able to carry; beyond them nothing is read. */
const MAX_CHARS = 8192;
const MAX_MEMBERS = 180;
const KEY = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** The members of a `baggage` header, properties left out. Garbage members are ignored; never throws. */
export function parseBaggage(text: string | undefined): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  if (!text || text.length > MAX_CHARS) return members;
  for (const part of text.split(',', MAX_MEMBERS)) {
    const [member = ''] = part.split(';', 1);
    const equals = member.indexOf('=');
    const key = member.slice(0, equals).trim();
    const value = decoded(member.slice(equals + 1).trim());
    if (equals > 0 && KEY.test(key) && value !== null) members.set(key, value);
  }
  return members;
}

function decoded(text: string): string | null {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
