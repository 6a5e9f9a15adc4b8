/** Controls, line separators and marks that turn the direction of what follows. */
// oxlint-disable-next-line no-control-regex
const unsafe = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g
const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001B': '\\e' }

/** Text from elsewhere on one line of ours: nothing in it can move the cursor or hide what stands beside it. */
export const printable = (text: string): string =>
  text.replaceAll(unsafe, (character) => named[character] ?? `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`)

/** At most `width` characters; what is left out is marked. */
export function cut(text: string, width: number): string {
  if (text.length <= width) return text
  const characters = Array.from(text)
  if (characters.length <= width) return text
  return width <= 0 ? '' : `${characters.slice(0, width - 1).join('')}…`
}

/**
 * Lines of at most `width` characters, cut between words where that is possible; what goes on is indented. For what tells what
 * to do: its end is the part that is needed.
 */
export function wrapped(text: string, width: number, indent = '  '): string[] {
  const lines: string[] = []
  let rest = Array.from(text)
  while (rest.length > width && width > indent.length) {
    const blank = rest.lastIndexOf(' ', width)
    const end = blank > indent.length ? blank : width
    lines.push(rest.slice(0, end).join(''))
    rest = Array.from(indent + rest.slice(end).join('').trimStart())
  }
  return [...lines, cut(rest.join(''), width)]
}

export const lengthOf = (text: string): number => Array.from(text).length

/** What a terminal obeys: control sequences, then strings to it with their ends (or without), then short escapes. */
const escapes = new RegExp(
  [
    String.raw`(?:\x1B\[|\x9B)([0-?]*)[ -/]*([@-~]?)`,
    String.raw`(?:\x1B[\]PX^_]|[\x9D\x90\x98\x9E\x9F])[^\x07\x1B\x9C]*(?:\x07|\x1B\\|\x9C)?`,
    String.raw`\x1B[ -/]*[0-Z\\^-~]?`,
  ].join('|'),
  'g',
)
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000A-\u001A\u001C-\u001F\u007F-\u009F]/g

/**
 * A line of a program's output made harmless for a terminal: its colours stay, everything else that a terminal obeys
 * goes. Of a line that was drawn over with CR only what was last seen stays.
 */
export function harmless(line: string): string {
  const shown = line.replace(/\r+$/, '')
  const last = shown.slice(shown.lastIndexOf('\r') + 1)
  let styled = false
  const kept = last.replaceAll(escapes, (sequence: string, parameters: string | undefined, final: string | undefined) => {
    if (final !== 'm' || sequence.charCodeAt(0) !== 0x1b || !/^[\d;:]*$/.test(parameters ?? '')) return ''
    styled = true
    return sequence
  })
  const text = kept.replaceAll(controls, '')
  return styled ? `${text}\u001B[0m` : text
}

/** `1 service`, `4 services`. */
export const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
