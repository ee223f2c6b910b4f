import type { FlagWords, ProgramWords, ServerSource, ValueSource, VerbWords } from './command-words.ts';

/** One word that fits, and what it means. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What to offer: words, or the shell's own files. */
export type Offer =
  | { readonly kind: 'words'; readonly words: readonly Candidate[] }
  | { readonly kind: 'files' }
  | { readonly kind: Exclude<ServerSource, 'letters'> }
  | { readonly kind: 'letters'; readonly queue: string };

const NOTHING: Offer = { kind: 'words', words: [] };

function findFlag(flags: readonly FlagWords[], word: string): FlagWords | undefined {
  return flags.find((flag) => flag.names.includes(word));
}

/** A command line as far as it is typed. */
interface Place {
  /** The verb that the words have led to; null before the first. */
  readonly verb: VerbWords | null;
  /** What stands after it: neither flags nor their values. */
  readonly operands: readonly string[];
}

/** Follows the typed words from verb to verb. */
function placeOf(words: ProgramWords, typed: readonly string[]): Place {
  let verb: VerbWords | null = null;
  const operands: string[] = [];
  for (let at = 0; at < typed.length; at++) {
    const word = typed[at] ?? '';
    if (word.startsWith('-') && word !== '-') {
      if (findFlag([...words.flags, ...(verb?.flags ?? [])], word)?.value) at++;
      continue;
    }
    const below: readonly VerbWords[] = operands.length === 0 ? (verb ?? words).verbs : [];
    const next: VerbWords | undefined = below.find((candidate) => candidate.name === word);
    if (next) verb = next;
    else operands.push(word);
  }
  return { verb, operands };
}

function offerOf(source: ValueSource, operands: readonly string[]): Offer {
  if (source === 'files') return { kind: 'files' };
  if (source === 'letters') return { kind: 'letters', queue: operands[0] ?? '' };
  if (typeof source === 'string') return { kind: source };
  return { kind: 'words', words: source.map((word) => ({ word, description: '' })) };
}

function offerFlags(flags: readonly FlagWords[], typed: readonly string[]): Offer {
  const fresh = flags.filter((flag) => !flag.names.some((name) => typed.includes(name)));
  const words = fresh.map(({ names, description }) => ({ word: names[0] ?? '', description }));
  return { kind: 'words', words };
}

function offerVerbs(verbs: readonly VerbWords[]): Offer {
  return { kind: 'words', words: verbs.map(({ name, description }) => ({ word: name, description })) };
}

/**
 * What fits at the end of a command line. `line` is all after "millrace", its last word the one being typed
 * (empty after a blank); the words are not yet narrowed to those that begin like it.
 */
export function offer(words: ProgramWords, line: readonly string[]): Offer {
  const typed = line.slice(0, -1);
  const current = line.at(-1) ?? '';
  const { verb, operands } = placeOf(words, typed);
  const flags = [...(verb?.flags ?? []), ...words.flags];
  const before = findFlag(flags, typed.at(-1) ?? '');
  if (before?.value) return offerOf(before.value, operands);
  if (current.startsWith('-')) return offerFlags(flags, typed);
  if (verb === null) return operands.length === 0 ? offerVerbs(words.verbs) : NOTHING;
  if (verb.name === 'help') return offerVerbs(words.verbs);
  if (operands.length === 0 && verb.verbs.length > 0) return offerVerbs(verb.verbs);
  const at = verb.isVariadic ? Math.min(operands.length, verb.arguments.length - 1) : operands.length;
  return offerOf(verb.arguments[at] ?? [], operands);
}
