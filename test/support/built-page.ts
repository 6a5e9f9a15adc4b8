import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import process from 'node:process'

/** Before all tests: the page that the HTTP port gives out is that of the sources. */
export function setup(): void {
  execFileSync(process.execPath, [fileURLToPath(new URL('../../scripts/build-inspector.ts', import.meta.url)), '--if-stale'], {
    stdio: 'inherit',
  })
}
