/** Figures as the page writes them. */

export const count = (value: number) => Math.round(value).toLocaleString('en-US');

export function ms(value: number | null): string {
  if (value === null) return '–';
  if (Math.abs(value) >= 10_000) return `${(value / 1_000).toFixed(1)} s`;
  return `${value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) >= 100 ? 0 : 1 })} ms`;
}

export const mib = (bytes: number | null | undefined) =>
  bytes === null || bytes === undefined ? '–' : `${count(bytes / 2 ** 20)} MiB`;

export const percent = (share: number | null) =>
  share === null ? '–' : `${(share * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} %`;
