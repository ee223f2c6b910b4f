import type { MillraceError } from '@millrace/core';
import { usage } from './arguments.ts';

/** Offset of the first character that no JSON text could have there; null when `text` only ends too early. */
function faultOffset(text: string): number | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const { message } = error as Error;
    const told = /at position (\d+)/.exec(message);
    if (told) return Number(told[1]) < text.length ? Number(told[1]) : null;
    if (/^Unexpected end/.test(message)) return null;
    return searchOffset(text);
  }
}

/**
 * V8 names no position for a token it does not expect. But every text that ends before the fault merely ends too
 * early, and every longer one is wrong; so the fault can be found by halving.
 */
function searchOffset(text: string): number {
  let good = 0;
  let bad = text.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (endsTooEarly(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return bad - 1;
}

function endsTooEarly(prefix: string): boolean {
  try {
    JSON.parse(prefix);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const told = /at position (\d+)/.exec(message);
    return told ? Number(told[1]) >= prefix.length : /^Unexpected end/.test(message);
  }
}

function reasonOf(message: string): string {
  const token = /^Unexpected token '(.*)',/s.exec(message);
  return token
    ? `"${token[1]}" is not expected here`
    : message.replace(/ in JSON at.*$|JSON input$/s, '').trim();
}

function explain(text: string, source: string, error: Error): MillraceError {
  const offset = faultOffset(text) ?? text.length;
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - before.lastIndexOf('\n');
  const from = Math.max(0, column - 41);
  const shown = (text.split('\n')[line - 1] ?? '').slice(from, from + 60).replaceAll('\t', ' ');
  const caret = ' '.repeat(column - 1 - from);
  return usage(
    `${source} is not JSON: ${reasonOf(error.message)} (line ${line}, column ${column})\n  ${shown}\n  ${caret}^`,
  );
}

/** Parses JSON; a fault throws `usage` with its line and column and what stands there. `source` names the text. */
export function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw explain(text, source, error as Error);
  }
}
