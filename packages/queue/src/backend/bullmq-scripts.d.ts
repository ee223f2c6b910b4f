/** BullMQ's own scripts by name: not in its index, and without types. */
declare module 'bullmq/dist/cjs/scripts/index.js' {
  const scripts: Readonly<
    Record<string, { readonly name: string; readonly content: string; readonly keys: number }>
  >;
  export default scripts;
}
