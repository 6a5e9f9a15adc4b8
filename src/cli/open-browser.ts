import { spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/** Is there a desktop that a browser could be on? Over ssh it would be another one's. */
function opener({ platform, env }: Pick<NodeJS.Process, 'platform' | 'env'>): string | null {
  const has = (name: string): boolean => (env[name] ?? '') !== ''
  if (has('SSH_CONNECTION') || has('CI')) return null
  if (platform === 'darwin') return 'open'
  return has('DISPLAY') || has('WAYLAND_DISPLAY') ? 'xdg-open' : null
}

/** Gone once the browser has read it: the time of a ticket, s. */
const script = '"$1" "$2"; sleep 60; rm -f "$2"; rmdir "$3"'

/**
 * Opens a page in the browser of whoever sits here, where there is one; says nothing where that fails, because the address has
 * been printed. It is not put on a command line, which `ps` shows to everybody: a file that only we may read leads there.
 */
export function openInBrowser(url: string, on: Pick<NodeJS.Process, 'platform' | 'env'> = process): boolean {
  const program = opener(on)
  if (program === null) return false
  try {
    const folder = mkdtempSync(join(tmpdir(), 'hyphae-inspect-'))
    const file = join(folder, 'inspect.html')
    const page = `<!doctype html><meta charset="utf-8"><title>Hyphae</title><meta http-equiv="refresh" content="0;url=${url}"><a href="${url}">Hyphae</a>\n`
    writeFileSync(file, page, { mode: 0o600 })
    const child = spawn('/bin/sh', ['-c', script, 'sh', program, file, folder], { detached: true, stdio: 'ignore', env: on.env })
    child.on('error', () => {})
    child.unref()
    return true
  } catch {
    return false
  }
}
