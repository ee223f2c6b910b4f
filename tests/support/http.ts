/** An answer of the API, its body parsed. */
export interface HttpAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect, and fail on anything else
  readonly body: any;
  readonly headers: Headers;
}

/** One call to the API at `url`; `body` goes as JSON. */
export async function call(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> {
  const response = await fetch(url + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const { status, headers: answered } = response;
  return { status, headers: answered, body: text === '' ? null : JSON.parse(text) };
}

/** Calls until the answer is `status`; refused connections count as any other answer. */
export async function callUntil(status: number, ...request: Parameters<typeof call>): Promise<HttpAnswer> {
  for (;;) {
    const answer = await call(...request).catch(() => null);
    if (answer?.status === status) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
