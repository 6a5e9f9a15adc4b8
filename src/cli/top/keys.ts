/** What was typed, from what a terminal sends. */

/** A key by its name (`up`, `enter`) or its character; or a text that was pasted, which is never a command. */
export type Typed = { readonly type: 'key'; readonly key: string } | { readonly type: 'paste'; readonly text: string }

const sequences: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  '1~': 'home',
  '4~': 'end',
  '5~': 'pageup',
  '6~': 'pagedown',
  '7~': 'home',
  '8~': 'end',
}

const controls: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\u007F': 'backspace',
  '\b': 'backspace',
  '\u0003': 'ctrl-c',
  '\u001A': 'ctrl-z',
  '\u000C': 'ctrl-l',
  '\u001B': 'escape',
}

const pasteBegins = '\u001B[200~'
const pasteEnds = '\u001B[201~'
/** A sequence, whole. */
// oxlint-disable-next-line no-control-regex
const sequence = /^\u001B(?:\[([\d;]*[A-Za-z~])|O([A-Za-z]))/
/** One that may go on: an ssh may cut it in two. */
// oxlint-disable-next-line no-control-regex
const begun = /^\u001B(?:\[[\d;]*|O)?$/

export interface Keys {
  /** What is known now. What may go on is kept for the next time. */
  read(text: string): readonly Typed[]
  /** Is there something that may go on? */
  waiting(): boolean
  /** Nothing more came: what was kept is what it looks like. */
  flush(): readonly Typed[]
}

/** `most`: characters of a pasted text, and of what is kept. */
export function readKeys(most: number): Keys {
  let rest = ''
  let pasted: string | undefined

  function take(): Typed | undefined {
    if (pasted !== undefined) {
      const end = rest.indexOf(pasteEnds)
      const text = end < 0 ? rest : rest.slice(0, end)
      pasted = (pasted + text).slice(0, most)
      if (end < 0) {
        // The mark of its end may have begun.
        rest = rest.slice(Math.max(0, rest.length - pasteEnds.length + 1))
        pasted = pasted.slice(0, Math.max(0, pasted.length - rest.length))
        return undefined
      }
      rest = rest.slice(end + pasteEnds.length)
      const whole = pasted
      pasted = undefined
      return { type: 'paste', text: whole }
    }
    if (rest.startsWith(pasteBegins)) {
      rest = rest.slice(pasteBegins.length)
      pasted = ''
      return take()
    }
    const [whole, bracket, letter] = sequence.exec(rest) ?? []
    if (whole !== undefined) {
      rest = rest.slice(whole.length)
      return { type: 'key', key: sequences[bracket ?? letter ?? ''] ?? 'unknown' }
    }
    if (begun.test(rest) || rest === '') return undefined
    const [character = ''] = rest
    rest = rest.slice(character.length)
    return { type: 'key', key: controls[character] ?? character }
  }
  function all(): Typed[] {
    const found: Typed[] = []
    for (let typed = take(); typed !== undefined; typed = take()) found.push(typed)
    return found
  }
  return {
    read(text) {
      rest += text
      return all()
    },
    waiting: () => rest !== '' && pasted === undefined,
    flush() {
      if (rest === '' || pasted !== undefined) return []
      const [, ...others] = Array.from(rest)
      rest = ''
      return [{ type: 'key', key: 'escape' }, ...others.map((key): Typed => ({ type: 'key', key }))]
    },
  }
}
