/**
 * The body of an answer as text (UTF-8); null when it has more than `maxBytes` bytes, of which no more than that
 * and one chunk are read. Counts what arrives after decompression: no header is believed.
 */
export async function readText(response: Response, maxBytes: number): Promise<string | null> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  // Leaving the loop early cancels the stream, and so the connection.
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
