/** Hands a text to the browser as a file to keep. */
export function download(name: string, text: string, type = 'application/json'): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // Whoever takes it up has done so when the next second begins.
  setTimeout(() => URL.revokeObjectURL(url), 1_000)
}
