/** `npm run test:cluster -- --figures`: on a machine that does nothing else, figures are held to what is promised. */
export const measures = (process.env.FIGURES ?? '') !== '';

/** The most ms that a case may take: what is promised where it is measured, what a busy machine needs elsewhere. */
export const limitMs = (promised: number, busy: number) => (measures ? promised : busy);

/** Shows a figure beside the case that has it. */
export function tell(what: string, ms: number): void {
  process.stdout.write(`${what}: ${Math.round(ms)} ms\n`);
}
