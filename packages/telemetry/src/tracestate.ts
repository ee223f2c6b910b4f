/** W3C Trace Context, section 3.3: at most 32 members; a list with one bad member is given up whole. */
const MAX_MEMBERS = 32;
const MAX_CHARS = 512;
const MEMBER =
  /^(?:[a-z][_0-9a-z\-*/]{0,255}|[a-z0-9][_0-9a-z\-*/]{0,240}@[a-z][_0-9a-z\-*/]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/;

/** A `tracestate` to hand on; undefined for what is none or too long. */
export function parseTracestate(text: string | undefined): string | undefined {
  if (!text || text.length > MAX_CHARS) return undefined;
  const members = text
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  if (members.length === 0 || members.length > MAX_MEMBERS) return undefined;
  return members.every((member) => MEMBER.test(member)) ? members.join(',') : undefined;
}
