/** Parts of the page that are fetched when they are first needed, or once it has nothing else to do: so that it is there at once. */

const parts: Array<() => Promise<unknown>> = []

/** What `load` imports, once. */
export function later<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined
  const ask = (): Promise<T> => {
    loading ??= load()
    // What failed may work the next time.
    loading.catch(() => (loading = undefined))
    return loading
  }
  parts.push(ask)
  return ask
}

/** All of them, one after the other: then the page works on where its server is gone. */
export async function fetchAll(): Promise<void> {
  for (const ask of parts) await ask().catch(() => undefined)
}
