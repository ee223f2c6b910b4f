import type { FlagWords, ProgramWords, ValueSource, VerbWords } from './command-words.ts';

/** One word that fits, and what it means. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What to offer: words, or the shell's own files. */
export type Offer =
  | { readonly kind: 'words'; readonly words: readonly Candidate[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'queues' | 'workers' };

function findFlag(flags: readonly FlagWords[], word: string): FlagWords | undefined {
  return flags.find((flag) => flag.names.includes(word));
}

/** The words that are neither flags nor their values; the verb first. */
function positionals(words: ProgramWords, typed: readonly string[]): string[] {
  const found: string[] = [];
  for (let at = 0; at < typed.length; at++) {
    const word = typed[at] ?? '';
    if (!word.startsWith('-') || word === '-') {
      found.push(word);
      continue;
    }
    const flags = [...words.flags, ...(words.verbs.find((verb) => verb.name === found[0])?.flags ?? [])];
    if (findFlag(flags, word)?.value) at++;
  }
  return found;
}

function offerOf(source: ValueSource): Offer {
  if (source === 'files') return { kind: 'files' };
  if (source === 'queues' || source === 'workers') return { kind: source };
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
  const [verbName, ...rest] = positionals(words, typed);
  const verb = words.verbs.find((candidate) => candidate.name === verbName);
  const flags = [...(verb?.flags ?? []), ...words.flags];
  const before = findFlag(flags, typed.at(-1) ?? '');
  if (before?.value) return offerOf(before.value);
  if (current.startsWith('-')) return offerFlags(flags, typed);
  if (verbName === undefined || verbName === 'help') return offerVerbs(words.verbs);
  return offerOf(verb?.arguments[rest.length] ?? []);
}
