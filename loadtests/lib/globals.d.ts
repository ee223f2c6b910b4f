/** What k6 gives every script beyond its modules; @types/k6 leaves these to the DOM's types, most of which k6 has not. */
declare global {
  const console: {
    log(text: string): void;
    warn(text: string): void;
    error(text: string): void;
  };
  const crypto: {
    getRandomValues(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  };
}

export {};
