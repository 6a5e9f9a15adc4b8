import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { InlineConfig } from 'vite'

/** The pages of the tests that show views alone. Each is built once, before all tests, where a source of it is newer. */

export type ViewPage = 'chart-page' | 'panels-page'

const root = fileURLToPath(new URL('../..', import.meta.url))
const sources = (page: ViewPage): readonly string[] => ['inspector', 'src/protocol', 'src/client', join('test/inspector', page)]
const changedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** The folder that it is in. */
export const builtView = (page: ViewPage): string => join(root, 'node_modules/.cache/hyphae-views', page)

function isStale(page: ViewPage): boolean {
  const built = changedAt(builtView(page))
  return [join(root, 'package-lock.json'), fileURLToPath(import.meta.url)]
    .concat(
      sources(page).flatMap((folder) => {
        const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        return files.map((file) => join(root, folder, file))
      }),
    )
    .some((file) => changedAt(file) > built)
}

export async function buildViewPages(): Promise<void> {
  const stale = (['chart-page', 'panels-page'] as const).filter(isStale)
  if (stale.length === 0) return
  const { build } = await import('vite')
  for (const page of stale) {
    const built = builtView(page)
    const made = `${built}.${process.pid}`
    await mkdir(made, { recursive: true })
    const config: InlineConfig = {
      configFile: join(root, 'inspector/vite.config.ts'),
      root: join(root, 'test/inspector', page),
      // Whoever reads a failure finds the names of the sources in it.
      build: { outDir: made, minify: false },
    }
    await build(config)
    if (existsSync(built)) await rm(built, { recursive: true })
    await rename(made, built)
  }
}
