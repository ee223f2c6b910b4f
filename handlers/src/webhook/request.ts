import { z } from 'zod';

/** As long as Node's HTTP client waits by itself. */
const LONGEST_TIMEOUT_MS = 300_000;

/** Headers that belong to the connection, which the HTTP client keeps to itself. */
const OWN_HEADERS = /^(connection|content-length|expect|keep-alive|transfer-encoding|upgrade)$/i;

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not a header name')
  .refine((name) => !OWN_HEADERS.test(name), 'is set by the HTTP client itself');

const headerValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be one line of Latin-1 characters');

function carriesPassword(text: string): boolean {
  const parsed = URL.parse(text);
  return parsed !== null && (parsed.username !== '' || parsed.password !== '');
}

const url = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
  .refine((text) => !carriesPassword(text), 'must not carry a user name or password: send them in headers');

/** The data of an `http` job. */
export const requestSchema = z
  .strictObject({
    url,
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).optional(),
    headers: z.record(headerName, headerValue).default({}),
    /** Text is sent as it is; anything else as JSON. */
    body: z.json().optional(),
    timeoutMs: z.int().min(1).max(LONGEST_TIMEOUT_MS).default(30_000),
  })
  .transform((data) => ({ ...data, method: data.method ?? (data.body === undefined ? 'GET' : 'POST') }))
  .refine(({ method, body }) => body === undefined || (method !== 'GET' && method !== 'HEAD'), {
    path: ['body'],
    error: 'cannot go with GET or HEAD',
  });

/** An `http` job's data, complete. */
export type WebhookRequest = z.output<typeof requestSchema>;

/** What `fetch` takes besides the URL and the signal. */
export function fetchOptions({ method, headers, body }: WebhookRequest): RequestInit {
  if (body === undefined || typeof body === 'string') return { method, headers, ...(body && { body }) };
  const withType = new Headers(headers);
  if (!withType.has('content-type')) withType.set('content-type', 'application/json');
  return { method, headers: withType, body: JSON.stringify(body) };
}

/** A URL for logs and errors: without its query, where secrets like to be. */
export function shownUrl(text: string): string {
  const { origin, pathname } = new URL(text);
  return origin + pathname;
}
