import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

/** What is published. */

const root = resolve(import.meta.dirname, '../..')

test('the package has the page in it, and what is to be said of those who wrote its parts', () => {
  const listed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8' })
  const [packed] = JSON.parse(listed) as [{ files: ReadonlyArray<{ path: string }> }]
  const paths = packed.files.map(({ path }) => path)
  for (const path of ['dist/inspector/index.html', 'dist/inspector/icon.svg', 'THIRD-PARTY.md', 'LICENSE'])
    expect(paths).toContain(path)
  expect(paths.some((path) => /^dist\/inspector\/assets\/.+\.js$/.test(path))).toBe(true)
  expect(paths.filter((path) => path.startsWith('inspector/') || path.startsWith('test/'))).toEqual([])
})

test('whatever the page is made of is named', () => {
  const named = readFileSync(join(root, 'THIRD-PARTY.md'), 'utf8')
  const sources = readdirSync(join(root, 'inspector'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.tsx?$/.test(path),
  )
  const used = sources.flatMap((path) => {
    const text = readFileSync(join(root, 'inspector', path), 'utf8')
    return Array.from(text.matchAll(/(?:from|import\(?)\s+?['"]((?:@[\w-]+\/)?[\w-]+)/g), ([, name = '']) => name)
  })
  const bundled = new Set(used.filter((name) => name !== 'vite' && existsSync(join(root, 'node_modules', name))))
  expect(bundled).toContain('preact')
  for (const name of bundled) expect(named).toContain(`npmjs.com/package/${name}`)
})
