const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML that needs no escaping any more. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | null | readonly Part[];

function written(part: Part): string {
  if (part === null) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(written).join('');
  return String(part).replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/** A template of HTML: what is put into it is escaped, unless it is markup itself. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(texts.map((text, i) => text + written(parts[i] ?? null)).join(''));
}

/** Text for a script element: nothing in it can end the element. */
export const scriptText = (text: string) =>
  new Markup(text.replaceAll('</', '<\\/').replaceAll('<!--', '<\\!--'));

/** JSON for a script element. */
export const scriptJson = (value: unknown) => new Markup(JSON.stringify(value).replaceAll('<', '\\u003c'));

/** A table with a head; cells are escaped. */
export function table(head: readonly string[], rows: readonly (readonly Part[])[]): Markup {
  return html`<div class="scroll"><table><thead><tr>${head.map((cell) => html`<th>${cell}</th>`)}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}
