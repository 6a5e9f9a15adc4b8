const factors: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 }

/** Parses `500B`, `64KB`, `32MB`, `1.5GB`, in powers of 1024; undefined when it is no size. */
export function parseBytes(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([KMG]?B)\s*$/.exec(text)
  const factor = match?.[2] === undefined ? undefined : factors[match[2]]
  return factor === undefined ? undefined : Number(match?.[1]) * factor
}

/** A size in words, in the largest unit that it fills: `512 B`, `1.5 MB`, `32 MB`. */
export function formatBytes(bytes: number): string {
  const [unit, factor] = Object.entries(factors).findLast(([, size]) => bytes >= size) ?? ['B', 1]
  return `${Math.round((bytes / factor) * 10) / 10} ${unit}`
}
