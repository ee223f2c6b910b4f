import type { Answer } from './jaeger.ts';

/** A GET over the network. Throws its reason itself, and not `fetch failed` around it; or the signal's. */
export async function fetchAnswer(url: URL, signal: AbortSignal): Promise<Answer> {
  const headers = { accept: 'application/json' };
  const answered = await fetch(url, { headers, signal }).catch((error: Error) => {
    throw error.cause instanceof Error ? error.cause : error;
  });
  return { status: answered.status, body: await answered.text() };
}
