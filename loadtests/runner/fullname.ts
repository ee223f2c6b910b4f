/** What the names of a release's objects begin with, as the chart's `millrace.fullname` has it where no value overrides it. */
export function fullnameOf(release: string): string {
  return (release.includes('millrace') ? release : `${release}-millrace`).slice(0, 40).replace(/-$/, '');
}
