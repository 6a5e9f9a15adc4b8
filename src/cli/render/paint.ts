import { styleText } from 'node:util'

export type Style = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'dim' | 'bold' | 'inverse'

/** Gives a text its style, or leaves it as it is where there are no colours. */
export type Paint = (style: Style, text: string) => string

export const plain: Paint = (_, text) => text
export const coloured: Paint = (style, text) => (text === '' ? '' : styleText(style, text, { validateStream: false }))
