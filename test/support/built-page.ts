import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import process from 'node:process'
import { buildViewPages } from './view-pages.ts'

/** Before all tests: the page that the HTTP port gives out is that of the sources, and so are those that show views alone. */
export async function setup(): Promise<void> {
  execFileSync(process.execPath, [fileURLToPath(new URL('../../scripts/build-inspector.ts', import.meta.url)), '--if-stale'], {
    stdio: 'inherit',
  })
  await buildViewPages()
}
