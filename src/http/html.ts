import { createHash } from 'node:crypto'

/** Pages as texts. What is put into one is text, unless it was made here. */

export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character)

type Part = Html | string | number | readonly Part[]
const textOf = (part: Part): string => {
  if (part instanceof Html) return part.text
  return typeof part === 'object' ? part.map(textOf).join('') : escaped(String(part))
}

export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.map((text, index) => text + textOf(parts[index] ?? '')).join(''))

/** Words between backticks stand as code. */
export const prose = (text: string): Html =>
  html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`

/** How a policy names a style that stands in the page itself. */
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

export interface PageParts {
  readonly title: string
  readonly body: Html
  readonly style: string
}

export interface Page {
  readonly text: string
  /** The Content-Security-Policy: nothing runs, and nothing is loaded, but what stands in the page. */
  readonly policy: string
}

export function pageOf({ title, body, style }: PageParts): Page {
  // A whole element: not a blank more may stand in it than was hashed.
  const styles = new Html(`<style>${style}</style>`)
  const { text } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="data:," />
        <title>${title}</title>
        ${styles}
      </head>
      <body>
        ${body}
      </body>
    </html> `
  const rules = ["default-src 'none'", `style-src ${hashOf(style)}`, 'img-src data:']
  return { text, policy: [...rules, "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"].join('; ') }
}
