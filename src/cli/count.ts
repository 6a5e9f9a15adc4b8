import { InvalidArgumentError } from 'commander'

/** Parses the value of an option that counts something. */
export const countUpTo =
  (most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value <= most) return value
    throw new InvalidArgumentError(`expected a whole number from 0 to ${most}.`)
  }
