/** Text with the escape sequences of a terminal, as pieces with a style. Whatever is no colour or style is left out. */

export interface Style {
  /** A number of the palette (0 to 255), or a colour of its own; null: as usual. */
  readonly front: number | string | null
  readonly back: number | string | null
  readonly bold: boolean
  readonly dim: boolean
  readonly italic: boolean
  readonly underline: boolean
  readonly inverse: boolean
  readonly strike: boolean
  readonly hidden: boolean
}

export const plain: Style = {
  front: null,
  back: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
  strike: false,
  hidden: false,
}

export interface Piece {
  readonly text: string
  readonly style: Style
}

// CSI, the strings (OSC, DCS, SOS, PM, APC, ended by BEL or ST or the line), other escapes, then what else is no text.
const sequences = new RegExp(
  [
    String.raw`(?:\x1b\[|\x9b)([0-?]*)([ -/]*)([@-~]?)`,
    String.raw`(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?`,
    String.raw`\x1b[ -/]*[0-~]?`,
    String.raw`[\x00-\x08\x0b-\x1f\x7f-\x9f]`,
  ].join('|'),
  'g',
)

const byte = (text: string | undefined): number => Math.min(255, Math.max(0, Number(text ?? 0) || 0))

/** `38;5;n` or `38;2;r;g;b`: the colour, and how many parameters it took. */
function extended(codes: readonly string[], at: number): readonly [colour: number | string | null, took: number] {
  if (codes[at] === '5') return [byte(codes[at + 1]), 2]
  if (codes[at] === '2') return [`rgb(${byte(codes[at + 1])} ${byte(codes[at + 2])} ${byte(codes[at + 3])})`, 4]
  return [null, codes.length]
}

/** `38:2::r:g:b` is one parameter; the same as with semicolons, but for a colour space that may be named. */
function colons(code: string): readonly string[] {
  const parts = code.split(':')
  return parts[1] === '2' && parts.length > 5 ? [parts[0] ?? '', '2', ...parts.slice(3)] : parts
}

const on: Readonly<Record<number, Partial<Style>>> = {
  0: plain,
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  8: { hidden: true },
  9: { strike: true },
  21: { underline: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  28: { hidden: false },
  29: { strike: false },
  39: { front: null },
  49: { back: null },
}

/** The style after SGR with these parameters. */
export function styled(before: Style, parameters: string): Style {
  const codes = parameters.split(';').flatMap((code) => (/^[34]8:/.test(code) ? colons(code) : [code]))
  let style = before
  const set = (change: Partial<Style> | undefined): void => {
    style = { ...style, ...change }
  }
  for (let at = 0; at < codes.length; at++) {
    const text = codes[at] ?? ''
    // `4:3` is a wavy line, `4:0` none.
    const code = Number(text === '4:0' ? 24 : text.split(':')[0])
    if (code === 38 || code === 48) {
      const [colour, took] = extended(codes, at + 1)
      set(code === 38 ? { front: colour } : { back: colour })
      at += took
    } else if (code >= 30 && code <= 37) set({ front: code - 30 })
    else if (code >= 40 && code <= 47) set({ back: code - 40 })
    else if (code >= 90 && code <= 97) set({ front: code - 82 })
    else if (code >= 100 && code <= 107) set({ back: code - 92 })
    else set(on[code])
  }
  return style
}

export interface Read {
  readonly pieces: readonly Piece[]
  /** How it goes on in the next line. */
  readonly style: Style
}

/** One line, which begins in this style. */
export function readAnsi(line: string, begin: Style = plain): Read {
  const pieces: Piece[] = []
  let style = begin
  let from = 0
  let piece = ''
  const cut = (): void => {
    if (piece !== '') pieces.push({ text: piece, style })
    piece = ''
  }
  for (const match of line.matchAll(sequences)) {
    piece += line.slice(from, match.index)
    from = match.index + match[0].length
    if (match[3] !== 'm' || match[2] !== '' || !/^[0-9;:]*$/.test(match[1] ?? '')) continue
    cut()
    style = styled(style, match[1] ?? '')
  }
  piece += line.slice(from)
  cut()
  return { pieces, style }
}

/** Does it need a closer look at all? */
export const mayBeStyled = (line: string): boolean => control.test(line)
const control = new RegExp(String.raw`[\x00-\x08\x0b-\x1f\x7f-\x9f]`)
