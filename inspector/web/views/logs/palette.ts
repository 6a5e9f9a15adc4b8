import type { Style } from './ansi.ts'

/** Colours of a terminal on our surfaces: the first 16 are classes with a colour for each theme; of others the lightness is bounded. */

/** The 6 × 6 × 6 cube and the greys of the palette of 256. */
export function colourOf(index: number): readonly [number, number, number] {
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10
    return [grey, grey, grey]
  }
  const at = index - 16
  const part = (n: number): number => (n === 0 ? 0 : 55 + n * 40)
  return [part(Math.floor(at / 36)), part(Math.floor(at / 6) % 6), part(at % 6)]
}

const channel = (value: number): number => {
  const part = value / 255
  return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
}
export const luminance = ([red, green, blue]: readonly [number, number, number]): number =>
  0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue)

type Rgb = readonly [number, number, number]

const rgbOf = (colour: number | string): Rgb => {
  if (typeof colour === 'number') return colourOf(colour)
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map(Number)
  return [red, green, blue]
}
const towards = ([red, green, blue]: Rgb, end: number, share: number): Rgb => {
  const mixed = (value: number): number => Math.round(value + (end - value) * share)
  return [mixed(red), mixed(green), mixed(blue)]
}
const text = ([red, green, blue]: Rgb): string => `rgb(${red} ${green} ${blue})`

/** Luminances that have 4.5:1 on the log's surface of each theme, with some room. */
const darkest = 0.26
const lightest = 0.15

/** The same hue, as light as this surface needs it. */
export function readable(colour: Rgb, theme: 'light' | 'dark'): Rgb {
  for (let share = 0; share <= 1; share += 0.05) {
    const tried = towards(colour, theme === 'light' ? 0 : 255, share)
    const level = luminance(tried)
    if (theme === 'light' ? level <= lightest : level >= darkest) return tried
  }
  return theme === 'light' ? [0, 0, 0] : [255, 255, 255]
}

const both = (colour: Rgb): string => `light-dark(${text(readable(colour, 'light'))}, ${text(readable(colour, 'dark'))})`
/** Black or white, whichever is read on it. */
const upon = (colour: Rgb): string => (luminance(colour) > 0.18 ? '#000' : '#fff')

export interface Look {
  readonly class: string
  readonly style: Readonly<Record<string, string>> | undefined
}

const looks = new WeakMap<Style, Look>()

/** How a piece looks: classes for what the sheet knows, computed colours for the others. */
export function lookOf(given: Style): Look {
  const known = looks.get(given)
  if (known !== undefined) return known
  const { front, back, inverse } = given
  const [text, ground] = inverse ? [back, front] : [front, back]
  const classes: string[] = []
  const style: Record<string, string> = {}
  if (ground !== null) {
    if (typeof ground === 'number' && ground < 16) classes.push(`ansi-on-${ground}`)
    else {
      const colour = rgbOf(ground)
      style['background'] = `rgb(${colour.join(' ')})`
      style['color'] = upon(colour)
    }
    // What a program writes in a colour on a colour is not always read: then black or white is.
  } else if (inverse) classes.push('ansi-inverse')
  else if (text !== null) {
    if (typeof text === 'number' && text < 16) classes.push(`ansi-${text}`)
    else style['color'] = both(rgbOf(text))
  }
  for (const name of ['bold', 'dim', 'italic', 'underline', 'strike'] as const) if (given[name]) classes.push(`ansi-${name}`)
  const look = { class: classes.join(' '), style: Object.keys(style).length === 0 ? undefined : style }
  looks.set(given, look)
  return look
}
