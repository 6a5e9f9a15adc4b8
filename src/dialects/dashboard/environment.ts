/** Variables that a status page may show: by name, because many others hold keys. */
const shown = [
  'MAGICTUNNEL_ENV',
  'MAGICTUNNEL_RUNTIME_MODE',
  'MAGICTUNNEL_SEMANTIC_MODEL',
  'MAGICTUNNEL_DISABLE_SEMANTIC',
  'OLLAMA_BASE_URL',
  'RUST_LOG',
]

/** Whoever writes a password into an address does not want it shown. */
const withoutPassword = (value: string): string => value.replace(/\/\/[^/@]*@/, '//')

/** By their names in lower case. Where a mode is in force it is that one, whatever the environment says. */
export function environmentOf(given: Readonly<Record<string, string | undefined>>, mode: string | null): Record<string, string> {
  const found = shown.flatMap((name) => {
    const value = name === 'MAGICTUNNEL_RUNTIME_MODE' ? (mode ?? given[name]) : given[name]
    return value === undefined ? [] : [[name.toLowerCase(), withoutPassword(value)] as const]
  })
  return Object.fromEntries(found)
}
