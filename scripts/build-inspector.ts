// Makes the page of the inspector, in dist/inspector: `npm run build`. `--if-stale`: only where a source is newer.
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { writeLayouts } from './write-layouts.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const built = join(root, 'dist/inspector')
const changedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** What the page is made of. */
function newest(): number {
  const folders = ['inspector', 'scripts', 'src/protocol', 'src/client', 'src/machines', 'src/inspection'].filter((folder) =>
    existsSync(join(root, folder)),
  )
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(root, folder, file)),
  )
  return Math.max(...[...files, join(root, 'package-lock.json'), fileURLToPath(import.meta.url)].map(changedAt))
}

if (!process.argv.includes('--if-stale') || newest() > changedAt(built)) {
  // Whoever is looking at the page meanwhile finds the old one, or the new one.
  const made = `${built}.${process.pid}`
  await build({ configFile: join(root, 'inspector/vite.config.ts'), build: { outDir: made } })
  await writeLayouts(join(made, 'layouts'))
  rmSync(built, { recursive: true, force: true })
  renameSync(made, built)
}
