/** Puts a text where it can be pasted from. Rejects where the browser keeps that to itself: without TLS there is no clipboard at all. */
export async function copy(text: string): Promise<void> {
  await navigator.clipboard.writeText(text)
}
