import { printable } from './text.ts'

interface LeftOut {
  /** null: none. */
  readonly mode: string | null
  /** By service: the modes in which it runs. */
  readonly leftOut: ReadonlyMap<string, readonly string[]>
}

/** Which services of a config are no part of the fleet, in one line; nothing where all are. */
export function leftOutLines({ mode, leftOut }: LeftOut): string[] {
  if (leftOut.size === 0) return []
  const names = Array.from(leftOut, ([name, modes]) => `${name} (${modes.join(', ')})`)
  return [printable(`left out ${mode === null ? 'without a mode' : `in the mode ${mode}`}: ${names.join(', ')}`)]
}
